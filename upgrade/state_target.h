// SPDX-License-Identifier: BSD-2-Clause
// Entries that were saved elsewhere, in a file or on another machine: the state that may
// take them, and their times on the clocks of here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "intent/result.h"
#include "saved_states.h"
#include "state_access.h"
#include "statemaps/moment.h"

namespace nfup::upgrade {

// The state of the same name. `from`: whose the saved one is, for messages ("the file").
// Error (kind refused): there is none.
Result<const State*> find_target(const SavedState& saved, const std::vector<State>& states, const std::string& from);

// How it differs, but for the capacity: room is counted.
std::vector<std::string> other_schema(const SavedState& saved, const statemaps::Table& table);
// `how` it came, for messages: saved, sent. Error (kind refused): the difference.
Result<void> check_schema(const SavedState& saved, const statemaps::Table& table, const std::string& how);

// What is added (modulo 2^64) to the times of saved entries, so that they are as old as
// they were and as the file has lain: the clocks' ns of now, the monotonic one perhaps
// of another boot or machine.
std::uint64_t time_shift(const SavedStates& header, std::uint64_t monotonic_ns, std::uint64_t realtime_ns);

// A saved entry's times on the clocks of now.
class Rebase {
public:
	// `shift`: added to times, as time_shift()
	Rebase(const SavedState& state, std::uint64_t shift, const statemaps::Moment& now)
	    : state_(state), shift_(shift), stale_jiffies_(statemaps::stale_jiffies(now))
	{
	}

	// `value`: state.value_size() bytes
	void apply(std::uint8_t* value) const;

private:
	void apply(const statemaps::EntryField& field, std::uint8_t* at) const;

	const SavedState& state_;
	std::uint64_t shift_;
	std::uint32_t stale_jiffies_;
};

bool all_zero(const std::uint8_t* bytes, std::size_t size);

} // namespace nfup::upgrade
