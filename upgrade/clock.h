// SPDX-License-Identifier: BSD-2-Clause
// Durations for reports.
#pragma once

#include <chrono>

namespace nfup::upgrade {

using Clock = std::chrono::steady_clock;

inline double ms_since(Clock::time_point start)
{
	return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

} // namespace nfup::upgrade
