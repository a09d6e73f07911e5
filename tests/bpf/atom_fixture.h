// SPDX-License-Identifier: BSD-2-Clause
// What tests of the flow atoms share: one flow, its segments, and the clock
// that entries are stamped with.
#pragma once

#include <ctime>

#include "flow.h"
#include "harness.h"

namespace nfup::test {

constexpr std::uint64_t second = 1'000'000'000, minute = 60 * second;

class AtomTest : public NodeTest {
protected:
	static std::uint64_t now()
	{
		timespec t{};
		clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
		return static_cast<std::uint64_t>(t.tv_sec) * second + static_cast<std::uint64_t>(t.tv_nsec);
	}
	static Bytes frame(unsigned flags) { return Ethernet{} / IPv4{} / TCP{.flags = flags}; }
	// As CheckIPHeader leaves it for that frame.
	static pkt context(const flow_key& key)
	{
		pkt p{};
		p.cursor = p.l3 = 14;
		p.l4 = 34;
		p.l3_len = 40;
		p.ip_proto = key.proto;
		p.flow = key;
		return p;
	}
	Outcome read(unsigned flags) { return run(read_, frame(flags), context(key)); }
	Outcome write(unsigned flags) { return run(write_, frame(flags), context(key)); }

	Object read_, write_;
	const flow_key key = flow("10.0.0.1", 1000, "10.0.0.2", 80, 6);
};

} // namespace nfup::test
