// SPDX-License-Identifier: BSD-2-Clause
// Migrations after the commit: the sweep of the entries that no packet has moved
// (migration_plan.h says how they move), then the plain programs.
// docs/upgrade-protocol.md has the steps.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "framework.h"
#include "intent/result.h"
#include "records.h"
#include "store.h"

namespace nfup::upgrade {

// The generation as it is when its migrations are over, placed as it is now.
Generation as_plain(Generation generation);

struct MigrationReport {
	std::vector<std::string> atoms;
	std::uint64_t entries = 0; // found in the old maps when the sweep came by
	std::uint64_t moved = 0;   // by the sweep; the others packets had moved
	std::uint64_t left = 0;    // no room in the new map: the migration is still open
	double seconds = 0;        // of the sweep
	double finish_ms = 0;      // plain programs loaded, in their slots, and drained
	bool stopped = false;      // by `progress`: still open
};

// Called after some 65,536 entries each. False: stop, leaving the migration open.
using MigrationProgress = std::function<bool(const std::string& atom, std::uint64_t entries, double seconds)>;

// Goes on with the migrations of the running generation, whatever was done of them, and
// ends them. Every part can be repeated: recovery calls the same.
Result<MigrationReport> migrate(const Store& store, const Framework& framework, const MigrationProgress& progress);

// Why a migration is still open, and what to do; for a report that says so.
Error still_open(const Store& store, const MigrationReport& report);

} // namespace nfup::upgrade
