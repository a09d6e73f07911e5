// SPDX-License-Identifier: BSD-2-Clause
// An NF's states to another machine, while packets flow: all entries, then rounds of what
// has changed since, then the last changes while the NF is frozen (freeze.h).
// docs/upgrade-protocol.md lists the steps.
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

struct SendRound {
	int number = 0;            // 1: the full copy
	std::uint64_t changes = 0; // entries that were sent, or removed there
	double seconds = 0;
	bool frozen = false; // the last one
};

struct SendOptions {
	std::vector<std::string> atoms; // empty: all states
	bool thaw = false;              // go on here, though the other machine has the states
	std::function<void(const SendRound&)> progress;
};

struct SendReport {
	std::string mended; // what a dead command had left
	std::string peer;
	std::vector<SavedCount> states; // as the receiver has them in the end
	std::uint64_t entries = 0;      // of all of them
	std::uint64_t bytes = 0;        // sent
	int rounds = 0;                 // the full copy and the frozen one included
	double seconds = 0;
	double freeze_ms = 0; // from the slot write until the receiver has said that it has all
	bool frozen = false;  // it stays so
};

// Holds the NF's lock. On success the NF stays frozen (NfRecord::frozen) unless options.thaw.
// On an error it runs on as before. Error (kind refused): the receiver refuses, it was interrupted, it
// is frozen already; (kind system): the connection is lost.
Result<SendReport> send_states(const Folders& folders, const std::string& nf, const Address& to,
			       const SendOptions& options);

// A dead one: thawed, if it had not come to its end. Returns what was done.
Result<std::string> end_dead_send(const Store& store);

} // namespace nfup::upgrade
