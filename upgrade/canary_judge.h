// SPDX-License-Identifier: BSD-2-Clause
// What became of a packet, in words, and whether that was expected.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canary_file.h"
#include "scratch.h"

namespace nfup::upgrade {

// "forward to p2", "drop discard at Discard", "XDP_ABORTED from Strip".
std::string describe(const Trip& trip, const std::vector<std::string>& ports);

// No packet may end so: aborted, a missed tail call, no verdict that XDP knows.
bool is_broken(const Trip& trip);

// Both fates are the same to the world outside: verdict, reason, port, bytes.
bool same_fate(const Trip& a, const Trip& b);

// What it got, when that is not what the step expects.
std::optional<std::string> judge(const CanaryStep& step, const Trip& trip, const std::vector<std::string>& ports);

} // namespace nfup::upgrade
