// SPDX-License-Identifier: BSD-2-Clause
// The steps that take an NF from one generation to another, and the mending of
// what a dead process left of them. docs/upgrade-protocol.md lists the steps,
// and what a crash after each of them leaves.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator.h"
#include "framework.h"
#include "plan.h"
#include "records.h"
#include "store.h"

namespace nfup::upgrade {

// Every generation on disk, by number.
Result<std::map<int, Generation>> read_generations(const Store& store);

// `draft` has identities and counters; its placement comes from the plan, which
// is written into it.
Result<Plan> place(Generation& draft, const Framework& framework, const std::map<int, Generation>& kept, int running);

class Swap {
public:
	Swap(const Store& store, const Framework& framework, const std::map<int, Generation>& kept)
	    : store_(store), framework_(framework), kept_(kept)
	{
	}

	// Loads what the plan says, pins the draft whole, fills the fresh slots. No
	// packet can reach any of it. `maps`: framework and state maps by name.
	Result<void> prepare(Generation& draft, const Plan& plan, const std::map<std::string, int>& maps,
			     Outcome& outcome);

	// The one write, and the wait until no packet is in the old sub-graph.
	Result<void> flip(const Plan& plan, Outcome& outcome) const;

	std::uint32_t flip_program_id() const { return loader::program_id(flip_program_.get()); }

private:
	// Nothing: no generation has it pinned any more.
	Result<std::optional<Fd>> find_program(const std::string& program) const;

	const Store& store_;
	const Framework& framework_;
	const std::map<int, Generation>& kept_;
	Fd flip_program_;
};

// After the flip: ports that are taken away are left, the draft becomes the
// generation, history is written, the journal goes. Every part can be repeated: recovery calls the same.
Result<void> commit(const Store& store, const Framework& framework, const Journal& journal);

// Before the flip: nothing of the draft stays.
Result<void> undo(const Store& store, const Framework& framework, const Journal& journal);

// After the flip of a watched upgrade: the running generation's program goes
// back into the flip slot, and nothing of the draft stays but journal.history.
// Every part can be repeated: recovery calls the same.
Result<void> go_back(const Store& store, const Framework& framework, Journal journal);

// Forgets all but the running generation and `keep` others: `previous`, which ran
// before it, and the newest. Empties slots that no generation uses.
Result<void> reclaim(const Store& store, const Framework& framework, int keep, int previous);

// Links and pins of an NF, whatever is there of them; devices first.
Result<void> remove_pins_of(const Store& store);

// These and its records.
Result<void> remove_all(const Store& store);

// Waits until every packet that was in flight has left: one RCU grace period.
Result<void> drain();

// The entry of an upgrade that went back.
nlohmann::json gone_back(nlohmann::json history, const std::string& reason);

nlohmann::json history_entry(const Outcome& outcome, const std::string& action, int from);

} // namespace nfup::upgrade
