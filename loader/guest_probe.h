// SPDX-License-Identifier: BSD-2-Clause
// Throw-away programs that try what this kernel lets tail calls do.
#pragma once

#include <array>
#include <linux/bpf.h>

#include "fd.h"
#include "intent/result.h"

namespace nfup::loader {

// The context stays in r1: tail-call entry 0, else XDP_PASS.
std::array<bpf_insn, 6> tail_call_into(int array);

// A prog array that belongs to XDP programs of that kind, as nfup's `slots` does to nfup's:
// the kernel takes the first program that uses it for its measure.
struct XdpPair {
	Fd array, caller;
};
Result<XdpPair> make_xdp_pair(bpf_attach_type attach_type, __u32 flags);

} // namespace nfup::loader
