// SPDX-License-Identifier: BSD-2-Clause
// Saved entries of a layout that the NF has no more: converted in the kernel, by the
// sweeper that would have moved them in a migration, before any of them is used.
#pragma once

#include <functional>
#include <string>

#include "intent/result.h"
#include "loader/fd.h"
#include "statemaps/table.h"
#include "state_file.h"

namespace nfup::upgrade {

// Entries in a map that nobody else knows. `table` is good for walking.
struct Converted {
	Fd map;
	statemaps::Table table;
};

// Those of header().states[index], in the layout `wanted`. `sweeper`: an object that
// converts so; `prepare` is called on each value before. Error (kind system): no memory
// for two maps of that many entries.
Result<Converted> convert_saved(const StateFile& file, std::size_t index, const statemaps::Schema& wanted,
				const std::string& sweeper, const std::function<void(statemaps::Bytes&)>& prepare);

} // namespace nfup::upgrade
