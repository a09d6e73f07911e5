// SPDX-License-Identifier: BSD-2-Clause
// Which kernels can run a class. A class says so in its source with NFUP_NEEDS_KERNEL.
#pragma once

#include <compare>
#include <optional>
#include <string>

namespace nfup::intent {

struct Kernel {
	int major = 0, minor = 0;

	auto operator<=>(const Kernel&) const = default;
};

// The oldest that nfup supports: what a class needs that says nothing.
inline constexpr Kernel oldest_kernel{6, 1};

// "6.1", also as `uname -r` has it: "6.1.0-56-cloud-amd64".
std::optional<Kernel> read_kernel(const std::string& text);
std::string to_string(Kernel kernel);
Kernel running_kernel();

struct Resolved;
class Diagnostics;

// An error for each node whose class needs a later one, and for one older than
// oldest_kernel.
void check_kernel(const Resolved& nf, Kernel kernel, Diagnostics& diagnostics);

} // namespace nfup::intent
