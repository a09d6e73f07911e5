// SPDX-License-Identifier: BSD-2-Clause
// A state map from user space: look up, insert, delete, and walk, while programs
// use it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "intent/result.h"
#include "layout.h"
#include "schema.h"

namespace nfup::statemaps {

using Bytes = std::vector<std::uint8_t>;

struct Table {
	std::string atom;
	int fd = -1; // not owned
	Schema schema;
	Layout layout;
	int cpus = 0; // values that an entry has, one per possible CPU; 0: one value for all

	// Error (kind system): no BTF; (kind intent): a kind of map that has no entries by key.
	static Result<Table> open(std::string atom, int fd);

	std::size_t value_stride() const; // bytes from one CPU's value to the next
	std::size_t value_bytes() const;  // of all of an entry's values
	bool is_array() const;            // every index is there always
	bool is_lru() const;              // a full one pushes out the oldest

	// None: no such entry.
	Result<std::optional<Bytes>> lookup(const std::uint8_t* key) const;

	enum class Write { done, exists, missing, full };
	// `flags`: BPF_ANY, BPF_NOEXIST, BPF_EXIST. Error: what is none of the answers.
	Result<Write> update(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags) const;
	// done or missing
	Result<Write> remove(const std::uint8_t* key) const;
};

// False: enough.
using Visit = std::function<Result<bool>(const std::uint8_t* key, const std::uint8_t* value)>;

// Every entry once, whole. Those that come and go meanwhile may or may not be among
// them. In batches where the kernel has them.
Result<void> walk(const Table& table, const Visit& visit);

} // namespace nfup::statemaps
