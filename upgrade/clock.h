// SPDX-License-Identifier: BSD-2-Clause
// Durations for reports, and the system's clocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

namespace nfup::upgrade {

using Clock = std::chrono::steady_clock;

inline double ms_since(Clock::time_point start)
{
	return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

inline std::uint64_t clock_ns(clockid_t clock)
{
	timespec now{};
	clock_gettime(clock, &now);
	return static_cast<std::uint64_t>(now.tv_sec) * 1000000000u + static_cast<std::uint64_t>(now.tv_nsec);
}

} // namespace nfup::upgrade
