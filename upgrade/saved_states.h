// SPDX-License-Identifier: BSD-2-Clause
// The header of saved states, in a file (state_file.h) or on their way to another machine
// (state_stream.h): which states, with their schemas and what their fields mean.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "intent/result.h"
#include "statemaps/layout.h"
#include "statemaps/schema.h"
#include "state_access.h"

namespace nfup::upgrade {

// bytes of JSON; far above what there is: what is larger is damage
inline constexpr std::uint32_t most_header = 16u << 20;

struct SavedState {
	std::string atom;
	statemaps::Schema schema;
	int cpus = 0;                              // as Table::cpus
	std::vector<statemaps::EntryField> fields; // what they mean: which are times
	std::uint64_t entries = 0;                 // counted when a file is opened; not in the header

	std::size_t key_size() const { return schema.key_size; }
	std::size_t value_size() const; // of all of an entry's values, as Table::value_bytes
};

struct SavedStates {
	std::string nf;
	std::string created;            // UTC, ISO 8601
	std::uint64_t realtime_ns = 0;  // CLOCK_REALTIME when saving began
	std::uint64_t monotonic_ns = 0; // CLOCK_MONOTONIC, of which the times in entries are
	std::vector<SavedState> states;
};

// Of states that are saved now.
SavedStates saved_states(const std::string& nf, const std::vector<State>& states);

std::string to_text(const SavedStates& header);
// Error (kind intent): what is wrong with it.
Result<SavedStates> parse_saved_states(std::string_view text);

} // namespace nfup::upgrade
