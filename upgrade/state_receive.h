// SPDX-License-Identifier: BSD-2-Clause
// The other end of state_send.h: a sender's states into an NF that has none yet.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "connection.h"
#include "intent/result.h"
#include "state_save.h"
#include "store.h"

namespace nfup::upgrade {

struct ReceiveReport {
	std::string mended; // what a dead command had left
	std::string peer;
	std::vector<SavedCount> states;
	std::uint64_t entries = 0; // of all of them
	std::uint64_t bytes = 0;   // received
	int rounds = 0;
	double seconds = 0;   // since the sender came
	double freeze_ms = 0; // from the sender's word that it freezes until all was there
};

struct ReceiveSteps {
	std::function<void(const std::string& address)> listening; // with the port, if any was asked for
	std::function<void(const std::string& peer)> met;
	std::function<void(const Error& why)> turned_away; // somebody who is no sender
};

// Takes one sender. The NF's lock is held from its header on. Error (kind refused): an entry is
// there already, or of the sender's states one has another schema, or no room; interrupted. Whatever the error,
// the states are empty as before.
Result<ReceiveReport> receive_states(const Folders& folders, const std::string& nf, const Address& on,
				     const ReceiveSteps& steps);

// A dead one: what had come is deleted. Returns what was done.
Result<std::string> end_dead_receive(const Store& store, const Journal& journal);

} // namespace nfup::upgrade
