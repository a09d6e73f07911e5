// SPDX-License-Identifier: BSD-2-Clause
// Run a program to its end and keep what it printed.
#pragma once

#include <string>
#include <vector>

#include "intent/result.h"

namespace nfup {

struct Finished {
	int status = 0;     // exit code, or 128 + the signal
	std::string output; // stdout and stderr together
};

Result<Finished> run(const std::vector<std::string>& command);

} // namespace nfup
