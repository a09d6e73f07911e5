// SPDX-License-Identifier: BSD-2-Clause
// Moves what is left in the old map of a migration, while packets move what they meet
// (bpf/settle.h). The conversion itself is the sweeper's, in the kernel.
#pragma once

#include <cstdint>
#include <functional>

#include "intent/result.h"
#include "table.h"

namespace nfup::statemaps {

struct Sweeper {
	int program = -1, keys = -1, control = -1; // fds, not owned: nfup_sweep and its maps
};

struct Swept {
	std::uint64_t moved = 0;  // by the sweeper
	std::uint64_t seen = 0;   // entries that it found in the old map
	std::uint64_t stayed = 0; // of those in the last pass: there was no room in the new one
	bool stopped = false;     // by `progress`
};

// False: stop after this.
using SweepProgress = std::function<bool(const Swept&)>;

// Walks `old` until a whole pass finds nothing that can move. Nobody may insert into
// it any more. Entries whose key the new map has as well, and still has after
// `settled` has waited for all packets under way, are dropped: they were written by
// packets that met an old program after their entry had moved.
Result<Swept> sweep(const Sweeper& sweeper, const Table& old, const std::function<Result<void>()>& settled,
		    const SweepProgress& progress);

} // namespace nfup::statemaps
