// SPDX-License-Identifier: BSD-2-Clause
// What an upgrade does with each state map: keep it (hand it over by fd), make
// it, or, only when told to, drop it for an empty one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "build.h"
#include "coordinator.h"
#include "loader/fd.h"
#include "migration_plan.h"
#include "store.h"

namespace nfup::upgrade {

struct StatePlan {
	std::vector<StateChange> changes;
	std::map<std::string, Fd> maps; // every map the new generation uses
	std::vector<Move> moves;        // of the states that migrate
	Result<std::vector<StateRecord>> records() const;
};

// Compares schemas, opens kept maps, makes new ones; pins nothing. With `dry`
// nothing is made: such maps are missing from `maps`. `current`: of `kept`; 0: none.
// Error (kind refused): a schema differs, no converter leads to it or the entries do
// not fit, and nobody said --drop-state; (kind system): a pin was replaced.
Result<StatePlan> plan_state(const Store& store, const Build& build, const loader::Library& library,
			     const std::map<int, Generation>& kept, int current, const std::set<std::string>& drop,
			     bool dry);

// Pins what plan_state made, as drafts: commit_draft gives them their names.
Result<void> pin_state_drafts(const Store& store, const StatePlan& plan);

} // namespace nfup::upgrade
