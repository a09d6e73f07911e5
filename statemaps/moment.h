// SPDX-License-Identifier: BSD-2-Clause
// Now, on the clocks that entries are stamped with.
#pragma once

#include <cstdint>

#include "intent/result.h"

namespace nfup::statemaps {

struct Moment {
	std::uint64_t ns = 0;      // CLOCK_MONOTONIC, as bpf_ktime_get_coarse_ns
	std::uint32_t jiffies = 0; // low bits of bpf_jiffies64
};

// Error (kind system): BPF is not allowed.
Result<Moment> read_moment();

// An entry whose jiffies field says this is looked at by its next packet: long ago,
// as far as 32 bits can tell.
std::uint32_t stale_jiffies(const Moment& now);

} // namespace nfup::statemaps
