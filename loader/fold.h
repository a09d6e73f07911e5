// SPDX-License-Identifier: BSD-2-Clause
// A program's constants, put into its instructions: a load from rodata at an offset that is
// known becomes a move of the value. The verifier knows the value either way; but rodata is a
// page a program, and a dozen pages' first cache lines push one another out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/bpf.h>
#include <span>

namespace nfup::loader {

// `code`: relocated. `rodata`: what the map with that fd holds. Values that need more than 32
// bits stay loads. Returns how many loads became moves.
std::size_t fold_constants(std::span<bpf_insn> code, int rodata_fd, std::span<const std::uint8_t> rodata);

} // namespace nfup::loader
