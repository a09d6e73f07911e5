// SPDX-License-Identifier: BSD-2-Clause
// One packet through a program with BPF_PROG_TEST_RUN. Nothing is sent: a redirect
// is only a verdict.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intent/result.h"

namespace nfup::loader {

struct TestRun {
	std::uint32_t verdict = 0; // XDP_*
	std::vector<std::uint8_t> frame;
};

// `frame`: 14 to some 3500 bytes (a page less headroom and tail). To the program
// it came in by the loopback device of this network namespace.
Result<TestRun> test_run(int program_fd, std::span<const std::uint8_t> frame);

} // namespace nfup::loader
