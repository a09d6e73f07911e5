// SPDX-License-Identifier: BSD-2-Clause
// The start of every command on an NF: the lock, and the mending of what a dead
// command left behind.
#pragma once

#include <map>
#include <string>

#include "framework.h"
#include "intent/result.h"
#include "loader/fd.h"
#include "migration.h"
#include "store.h"

namespace nfup::upgrade {

struct Session {
	Store store;
	Fd lock;            // held while this lives
	std::string mended; // what a dead command had left; empty: nothing
};

// Error (kind intent): no such NF; (kind refused): somebody else is at it.
// A migration that has no room for all entries stays open: `mended` says so.
Result<Session> begin(const Folders& folders, const std::string& nf, const MigrationProgress& progress = {});

// After begin() or mend(). Error (kind refused): a migration is still open, as `mended` says.
Result<void> check_mended(const Store& store, const std::string& mended);

// A running NF, ready to be changed.
struct Running {
	Session session;
	NfRecord record;
	Framework framework;
	std::map<int, Generation> kept; // the running one among them
};
// Error (kind refused): a migration is still open, or it is frozen (freeze.h).
Result<Running> open_running(const Folders& folders, const std::string& nf, const MigrationProgress& progress = {});

// Finishes or undoes, by what the journal says and the flip slot holds. Call it
// with the lock held. Returns what was done; empty: nothing was left.
Result<std::string> mend(const Store& store, const MigrationProgress& progress = {});

} // namespace nfup::upgrade
