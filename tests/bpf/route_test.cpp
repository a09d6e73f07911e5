// SPDX-License-Identifier: BSD-2-Clause
// LookupIPRoute.
#include <algorithm>

#include "flow.h"
#include "harness.h"
#include "lists.h"

namespace nfup::test {
namespace {

// What a packet to `destination` is known as behind the header check.
pkt to(const std::string& destination)
{
	pkt context{};
	const bool six = destination.find(':') != std::string::npos;
	context.flow = flow(six ? "2001:db8:ffff::1" : "192.0.2.1", 1000, destination, 80, 6);
	return context;
}

class Route : public NodeTest {
protected:
	// "OUTPUT via NEXT HOP", or why it was dropped.
	std::string way(const std::string& destination)
	{
		const Bytes frame = Ethernet{} / IPv4{} / TCP{};
		const auto outcome = run(node_, frame, to(destination));
		if (!outcome.output)
			return outcome.drops.empty() ? "nowhere" : outcome.drops.begin()->first;
		EXPECT_TRUE(left(outcome, *outcome.output, frame));
		char text[INET6_ADDRSTRLEN];
		inet_ntop(AF_INET6, outcome.context.next_hop, text, sizeof text);
		return std::to_string(*outcome.output) + " via " + text;
	}
	Object node_;
};

TEST_F(Route, TheLongestPrefixWins)
{
	node_ = load("LookupIPRoute", routes({"0/0 10.9.9.9 3", "10.0.0.0/8 0", "10.1.0.0/16 10.0.0.254 1",
					      "10.1.2.3/32 2", "192.0.2.128/25 4"}));
	EXPECT_EQ(way("10.2.0.1"), "0 via ::ffff:10.2.0.1");
	EXPECT_EQ(way("10.1.0.0"), "1 via ::ffff:10.0.0.254");
	EXPECT_EQ(way("10.1.255.255"), "1 via ::ffff:10.0.0.254");
	EXPECT_EQ(way("10.1.2.3"), "2 via ::ffff:10.1.2.3");
	EXPECT_EQ(way("10.1.2.2"), "1 via ::ffff:10.0.0.254");
	EXPECT_EQ(way("192.0.2.127"), "3 via ::ffff:10.9.9.9");
	EXPECT_EQ(way("192.0.2.128"), "4 via ::ffff:192.0.2.128");
	EXPECT_EQ(way("255.255.255.255"), "3 via ::ffff:10.9.9.9");
	EXPECT_EQ(way("2001:db8::1"), "no-route");
}

TEST_F(Route, OfIPv6Too)
{
	node_ = load("LookupIPRoute",
		     routes({"::/0 fe80::1 1", "2001:db8::/32 0", "2001:db8:0:0:8000::/65 2", "10.0.0.0/8 0"}));
	EXPECT_EQ(way("2001:db8::1"), "0 via 2001:db8::1");
	EXPECT_EQ(way("2001:db8::7fff:0:0:1"), "0 via 2001:db8::7fff:0:0:1");
	EXPECT_EQ(way("2001:db8::8000:0:0:1"), "2 via 2001:db8::8000:0:0:1");
	EXPECT_EQ(way("2001:db9::1"), "1 via fe80::1");
	EXPECT_EQ(way("10.0.0.1"), "0 via ::ffff:10.0.0.1");
	EXPECT_EQ(way("11.0.0.1"), "no-route"); // ::/0 is not for IPv4
}

// Against a search of the plain list.
TEST_F(Route, ThousandsAsAPlainSearchFindsThem)
{
	struct Entry {
		std::uint32_t addr, mask;
		unsigned length, output;
	};
	std::vector<Entry> entries;
	std::vector<std::string> texts;
	std::uint32_t x = 12345;
	const auto random = [&x] {
		return x = x * 1664525 + 1013904223;
	};
	const auto mask_of = [](unsigned length) {
		return length ? ~std::uint32_t{0} << (32 - length) : 0;
	};
	const auto text_of = [](std::uint32_t addr) {
		const in_addr a{htonl(addr)};
		char text[INET_ADDRSTRLEN];
		return std::string(inet_ntop(AF_INET, &a, text, sizeof text));
	};
	while (entries.size() < 5000) {
		const unsigned length = 4 + (random() >> 16) % 29;
		// within 10.0.0.0/12, so that they lie in one another
		const std::uint32_t addr = ((random() & 0x000fffff) | 0x0a000000) & mask_of(length);
		const auto same = [&](const Entry& e) {
			return e.addr == addr && e.length == length;
		};
		if (std::ranges::any_of(entries, same))
			continue;
		entries.push_back({addr, mask_of(length), length, random() >> 27});
		texts.push_back(text_of(addr) + "/" + std::to_string(length) + " " +
				std::to_string(entries.back().output));
	}
	node_ = load("LookupIPRoute", routes(texts));
	for (int i = 0; i < 3000; i++) {
		const std::uint32_t wanted = (random() & 0x001fffff) | 0x0a000000;
		const Entry* best = nullptr;
		for (const Entry& e : entries)
			if ((wanted & e.mask) == e.addr && (!best || e.length > best->length))
				best = &e;
		const std::string address = text_of(wanted);
		EXPECT_EQ(way(address), best ? std::to_string(best->output) + " via ::ffff:" + address : "no-route");
	}
}

} // namespace
} // namespace nfup::test
