// SPDX-License-Identifier: BSD-2-Clause
// DecIPTTL, DecIP6HLIM, IPMirror: the headers that result are those a sender would have
// made, checksums included.
#include <arpa/inet.h>

#include "harness.h"

namespace nfup::test {
namespace {

class Hop : public NodeTest {
protected:
	// As it is behind the IP check.
	Outcome checked(const Bytes& frame, bool six)
	{
		pkt context{};
		context.cursor = 14;
		return run(load(six ? "CheckIP6Header" : "CheckIPHeader"), frame, context);
	}
	Outcome through(const Object& node, const Bytes& frame, bool six = false)
	{
		const Outcome check = checked(frame, six);
		EXPECT_EQ(check.output, 0);
		return run(node, frame, check.context);
	}
};

TEST_F(Hop, DecIPTTLAtEveryValue)
{
	auto node = load("DecIPTTL", {}, {first_exit_slot, no_slot});
	for (unsigned ttl = 0; ttl < 256; ttl++) {
		const auto outcome = through(node, Ethernet{} / IPv4{.ttl = static_cast<std::uint8_t>(ttl)} / UDP{});
		if (ttl <= 1) {
			EXPECT_TRUE(dropped(outcome, "ttl-expired")) << ttl;
			continue;
		}
		EXPECT_EQ(outcome.output, 0);
		EXPECT_EQ(outcome.frame, Bytes(Ethernet{} / IPv4{.ttl = static_cast<std::uint8_t>(ttl - 1)} / UDP{}))
		    << ttl;
	}
	const Bytes old = Ethernet{} / IPv4{.ttl = 1} / UDP{};
	EXPECT_TRUE(left(through(load("DecIPTTL"), old), 1, old)); // as it came, for an ICMP error
}

TEST_F(Hop, DecIP6HLIMAtEveryValue)
{
	auto node = load("DecIP6HLIM", {}, {first_exit_slot, no_slot});
	for (unsigned limit = 0; limit < 256; limit++) {
		const auto outcome =
		    through(node, Ethernet{} / IPv6{.hop_limit = static_cast<std::uint8_t>(limit)} / UDP{}, true);
		if (limit <= 1) {
			EXPECT_TRUE(dropped(outcome, "ttl-expired")) << limit;
			continue;
		}
		EXPECT_EQ(outcome.frame,
			  Bytes(Ethernet{} / IPv6{.hop_limit = static_cast<std::uint8_t>(limit - 1)} / UDP{}));
	}
	const Bytes old = Ethernet{} / IPv6{.hop_limit = 1} / UDP{};
	EXPECT_TRUE(left(through(load("DecIP6HLIM"), old, true), 1, old));
}

TEST_F(Hop, EachTakesItsOwnFamily)
{
	EXPECT_TRUE(dropped(through(load("DecIPTTL"), Ethernet{} / IPv6{} / UDP{}, true), "bad-ip-version"));
	EXPECT_TRUE(
	    dropped(through(load("DecIP6HLIM"), Ethernet{} / IPv4{} / TCP{} / Payload::of(40)), "bad-ip-version"));
}

TEST_F(Hop, IPMirrorTurnsThePacketRound)
{
	auto node = load("IPMirror");
	auto outcome = through(node, Ethernet{} / IPv4{.src = "10.0.0.1", .dst = "10.9.8.7"} /
					 TCP{.sport = 1000, .dport = 80} / Payload("hello"));
	const Bytes back = Ethernet{} / IPv4{.src = "10.9.8.7", .dst = "10.0.0.1"} / TCP{.sport = 80, .dport = 1000} /
			   Payload("hello");
	EXPECT_EQ(outcome.frame, back);
	const pkt expected = checked(back, false).context;
	EXPECT_EQ(std::memcmp(&outcome.context.flow, &expected.flow, sizeof expected.flow), 0);

	outcome = through(node, Ethernet{} / IPv6{} / UDP{.sport = 5, .dport = 6} / Payload("hello"), true);
	EXPECT_EQ(outcome.frame, Bytes(Ethernet{} / IPv6{.src = "2001:db8::2", .dst = "2001:db8::1"} /
				       UDP{.sport = 6, .dport = 5} / Payload("hello")));
}

TEST_F(Hop, IPMirrorLeavesAloneWhatHasNoPorts)
{
	auto node = load("IPMirror");
	EXPECT_EQ(through(node, Ethernet{} / IPv4{} / ICMP{} / Payload("hello")).frame,
		  Bytes(Ethernet{} / IPv4{.src = "10.0.0.2", .dst = "10.0.0.1"} / ICMP{} / Payload("hello")));
	// The bytes at the transport header's place are data in a later fragment.
	EXPECT_EQ(through(node, Ethernet{} / IPv4{.fragment = 3, .proto = 17} / Payload("hello, world")).frame,
		  Bytes(Ethernet{} / IPv4{.src = "10.0.0.2", .dst = "10.0.0.1", .fragment = 3, .proto = 17} /
			Payload("hello, world")));
}

} // namespace
} // namespace nfup::test
