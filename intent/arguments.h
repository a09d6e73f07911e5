// SPDX-License-Identifier: BSD-2-Clause
// A node's arguments as written → the bytes of each parameter of its class.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "class_info.h"
#include "diagnostic.h"
#include "graph.h"
#include "values.h"

namespace nfup::intent {

// Devices by label; the index of a label is what programs see.
class PortTable {
public:
	explicit PortTable(std::vector<std::string> known) : labels_(std::move(known))
	{
		for (std::size_t i = 0; i < labels_.size(); ++i)
			index_.try_emplace(labels_[i], static_cast<std::uint32_t>(i));
	}
	std::uint32_t index(const std::string& label); // adds a label that is new
	const std::vector<std::string>& labels() const { return labels_; }

private:
	std::vector<std::string> labels_;
	std::unordered_map<std::string, std::uint32_t> index_;
};

struct Arguments {
	std::vector<Bytes> values; // one per ClassInfo::params
	std::vector<TableContent> tables;
	int elements = -1; // of the list parameter; -1: the class has none
	int device = -1;   // index of the port that the node names; -1: none
	bool ok = true;
};

// Positional arguments in the order of the parameters, or `NAME value` in any
// order; `-` is the default. A list parameter takes all positional arguments
// that are left.
Arguments read_arguments(const ClassInfo& info, const Node& node, PortTable& ports, Diagnostics& diagnostics);

bool is_list(const Param& param);

} // namespace nfup::intent
