// SPDX-License-Identifier: BSD-2-Clause
// After a reboot the records are there and bpffs is empty: the NF again as it ran, on
// the same devices, with its states from the last snapshot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator.h"
#include "intent/result.h"
#include "loader/class_library.h"
#include "state_save.h"
#include "store.h"

namespace nfup::upgrade {

// STATE/NF/state.save
std::filesystem::path snapshot_path(const Store& store);

struct Reattached {
	bool was_running = false;            // nothing was to be done
	Outcome outcome;                     // otherwise
	std::vector<RestoredCount> restored; // states
	// Why the snapshot was not used: damaged, or of other schemas. It forwards with empty
	// states then, and the snapshot is kept as STATE/NF/state.save.refused.
	std::string lost;
};

// The running generation of the record, from the objects that were kept with it: the
// very programs, not what their sources are now. Other generations are forgotten, as
// are counters. Error: a device is gone or busy, an object is gone, its states were sent to another
// machine; nothing was changed then, and it can be tried again.
Result<Reattached> reattach(const Folders& folders, const std::string& nf, loader::Library& library, bool with_state);

// A dead reattach: finished if it had been committed, else taken down, the records kept.
Result<std::string> finish_reattach(const Store& store, const Journal& journal);

} // namespace nfup::upgrade
