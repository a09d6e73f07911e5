// SPDX-License-Identifier: BSD-2-Clause
// An NF's states for the commands that read and write them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "intent/result.h"
#include "loader/fd.h"
#include "records.h"
#include "statemaps/table.h"
#include "store.h"

namespace nfup::upgrade {

// Entries that have not migrated yet, in the layout that they had.
struct OldEntries {
	Fd map;
	statemaps::Table table; // on `map`
};

struct State {
	Fd map;
	statemaps::Table table;   // on `map`
	std::optional<Fd> queue;  // of a state whose entries age: see statemaps/queue.h
	std::optional<Fd> maglev; // of one whose entries are servers: see statemaps/maglev.h
	std::vector<GenerationNode> users;
	std::optional<OldEntries> old; // while the state migrates
};

// The states that the running generation uses, or those that `atoms` names, in the
// order of the generation. Takes no lock: for a writer, call begin() (session.h) first.
// Error (kind intent): no such NF or state; (kind system): the NF is not loaded, or
// a pin was replaced by a map that is not the generation's; (kind refused): a state is
// migrating or being received, and would be seen in part, unless `partial` says that the
// caller knows: while it migrates, he looks into State::old, too, and there first.
Result<std::vector<State>> open_states(const Store& store, const std::vector<std::string>& atoms = {},
				       bool partial = false);

// The pinned map of a state; none: there is no such pin. Error (kind system): the
// generation uses another map, so somebody replaced the pin.
Result<std::optional<Fd>> find_state(const Store& store, const Generation* generation, const std::string& atom);

// Every state's pin is the generation's own map; errors as find_state.
Result<void> check_states(const Store& store, const Generation& generation);

// After entries were written: what is derived from them (State::maglev) follows; but not
// while the state migrates, which the next write makes good.
Result<void> refresh(const State& state);

// Those of a generation that is being brought up; by name, queues among them.
Result<std::vector<State>> open_states(const std::map<std::string, Fd>& maps);

} // namespace nfup::upgrade
