// SPDX-License-Identifier: BSD-2-Clause
// g++ reports each block it enters (-fsanitize-coverage=trace-pc); libFuzzer
// wants counters. This file is compiled without that flag.
#include <cstddef>
#include <cstdint>

extern "C" char __executable_start;
extern "C" void __sanitizer_cov_8bit_counters_init(std::uint8_t* start, std::uint8_t* stop);

namespace {

constexpr std::size_t counters = 1 << 16; // blocks that share one do no harm
std::uint8_t counter[counters];

} // namespace

extern "C" void __sanitizer_cov_trace_pc()
{
	const auto block = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)) -
			   reinterpret_cast<std::uintptr_t>(&__executable_start);
	++counter[(block * 0x9e3779b97f4a7c15u) >> 48];
}

extern "C" int LLVMFuzzerInitialize(int*, char***)
{
	__sanitizer_cov_8bit_counters_init(counter, counter + counters);
	return 0;
}

// g++ traces comparisons of floating-point numbers too, for which libFuzzer has nothing.
extern "C" void __sanitizer_cov_trace_cmpd(double, double) {}
