// SPDX-License-Identifier: BSD-2-Clause
#include <linux/bpf.h>

#include "flow.h"
#include "harness.h"

namespace nfup::test {
namespace {

constexpr std::uint8_t hop_by_hop = 0, routing = 43, authentication = 51, destination = 60;

class CheckIP6 : public NodeTest {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		node_ = load("CheckIP6Header", {}, {first_exit_slot, no_slot});
		behind_.cursor = 14;
		std::memset(&behind_.flow, 0xee, sizeof behind_.flow);
		behind_.flags = 0xff;
	}
	Outcome check(const Bytes& frame) { return run(node_, frame, behind_); }

	Object node_;
	pkt behind_{};
};

TEST_F(CheckIP6, FillsTheContext)
{
	Bytes frame = Ethernet{} / IPv6{} / TCP{.sport = 4000, .dport = 80} / Payload::of(100);
	auto outcome = check(frame);
	ASSERT_TRUE(left(outcome, 0, frame));
	const pkt& p = outcome.context;
	EXPECT_EQ(p.cursor, 14);
	EXPECT_EQ(p.l3, 14);
	EXPECT_EQ(p.l4, 54);
	EXPECT_EQ(p.l3_len, 160);
	EXPECT_EQ(p.ethertype, htons(0x86dd));
	EXPECT_EQ(p.ip_proto, 6);
	EXPECT_EQ(p.flags, PKT_HAS_PORTS);
	EXPECT_EQ(p.flow, flow("2001:db8::1", 4000, "2001:db8::2", 80, 6));
}

TEST_F(CheckIP6, EchoIdentifierIsBothPorts)
{
	for (std::uint8_t type : Bytes{128, 129}) {
		auto outcome = check(Ethernet{} / IPv6{} / ICMP6{.type = type, .id = 77});
		EXPECT_EQ(outcome.context.flow, flow("2001:db8::1", 77, "2001:db8::2", 77, 58));
	}
	auto neighbour = check(Ethernet{} / IPv6{} / ICMP6{.type = 135, .id = 77});
	EXPECT_EQ(neighbour.context.flow, flow("2001:db8::1", 0, "2001:db8::2", 0, 58));
}

TEST_F(CheckIP6, WalksExtensionHeaders)
{
	Bytes frame = Ethernet{} / IPv6{} / Extension{.type = hop_by_hop} /
		      Extension{.type = destination, .size = std::uint8_t{2}} /
		      Extension{.type = routing, .body = {3, 0}} /
		      Extension{.type = authentication, .size = std::uint8_t{4}} / UDP{.sport = 5, .dport = 53};
	auto outcome = check(frame);
	ASSERT_TRUE(left(outcome, 0, frame));
	EXPECT_EQ(outcome.context.ip_proto, 17);
	EXPECT_EQ(outcome.context.l4, 54 + 8 + 24 + 8 + 24);
	EXPECT_EQ(outcome.context.flow, flow("2001:db8::1", 5, "2001:db8::2", 53, 17));
}

TEST_F(CheckIP6, NoMoreThanEightExtensionHeaders)
{
	Packet packet = Ethernet{} / IPv6{};
	for (int i = 0; i < 8; i++)
		packet = packet / Extension{.type = destination};
	Bytes eight = packet / UDP{}, nine = packet / Extension{.type = destination} / UDP{};
	EXPECT_TRUE(left(check(eight), 0, eight));
	EXPECT_TRUE(dropped(check(nine), "bad-extension"));
}

TEST_F(CheckIP6, MalformedExtensionHeaders)
{
	// longer than the datagram
	for (std::uint8_t type : Bytes{hop_by_hop, routing, destination, authentication}) {
		Bytes frame = Ethernet{} / IPv6{} / Extension{.type = type} / UDP{};
		frame[55] = 40;
		EXPECT_TRUE(dropped(check(frame), "bad-extension")) << int{type};
	}
	// hop-by-hop options anywhere but in front
	EXPECT_TRUE(
	    dropped(check(Ethernet{} / IPv6{} / Extension{.type = destination} / Extension{.type = hop_by_hop} / UDP{}),
		    "bad-extension"));
	// source routing that RFC 5095 withdrew
	EXPECT_TRUE(
	    dropped(check(Ethernet{} / IPv6{} / Extension{.type = routing, .body = {0, 1}} / UDP{}), "bad-extension"));
	Bytes done = Ethernet{} / IPv6{} / Extension{.type = routing, .body = {0, 0}} / UDP{};
	EXPECT_TRUE(left(check(done), 0, done));
	// a header promised, and nothing behind
	EXPECT_TRUE(dropped(check(Ethernet{} / IPv6{.next = destination}), "bad-extension"));
	// two fragment headers
	EXPECT_TRUE(dropped(check(Ethernet{} / IPv6{} / Fragment6{.more = true} / Fragment6{.more = true} / UDP{}),
			    "bad-extension"));
}

TEST_F(CheckIP6, NoNextHeader)
{
	Bytes frame = Ethernet{} / IPv6{};
	auto outcome = check(frame);
	EXPECT_TRUE(left(outcome, 0, frame));
	EXPECT_EQ(outcome.context.ip_proto, 59);
	EXPECT_EQ(outcome.context.flags, 0);
}

TEST_F(CheckIP6, Fragments)
{
	Bytes first = Ethernet{} / IPv6{} / Fragment6{.more = true} / UDP{} / Payload::of(16);
	auto outcome = check(first);
	EXPECT_TRUE(left(outcome, 0, first));
	EXPECT_EQ(outcome.context.flags, PKT_FRAGMENT | PKT_HAS_PORTS);
	EXPECT_EQ(outcome.context.flow, flow("2001:db8::1", 1000, "2001:db8::2", 53, 17));

	Bytes later = Ethernet{} / IPv6{} / Fragment6{.fragment = 3, .next = std::uint8_t{17}} / Payload::of(16);
	outcome = check(later);
	EXPECT_TRUE(left(outcome, 0, later));
	EXPECT_EQ(outcome.context.flags, PKT_FRAGMENT | PKT_LATER_FRAGMENT);
	EXPECT_EQ(outcome.context.l4, 62);
	EXPECT_EQ(outcome.context.flow, flow("2001:db8::1", 0, "2001:db8::2", 0, 17));

	// what follows in a later part is not a header, whatever the number says
	Bytes options = Ethernet{} / IPv6{} / Fragment6{.fragment = 3, .next = destination} / Payload(Bytes(16, 0xff));
	EXPECT_TRUE(left(check(options), 0, options));
}

TEST_F(CheckIP6, AtomicFragmentIsAWholeDatagram)
{
	Bytes frame = Ethernet{} / IPv6{} / Fragment6{} / TCP{};
	auto outcome = check(frame);
	EXPECT_TRUE(left(outcome, 0, frame));
	EXPECT_EQ(outcome.context.flags, PKT_HAS_PORTS);
}

TEST_F(CheckIP6, FragmentsThatHideTheHeaders)
{
	EXPECT_TRUE(
	    dropped(check(Ethernet{} / IPv6{} / Fragment6{.fragment = 1, .next = std::uint8_t{6}} / Payload::of(32)),
		    "bad-fragment"));
	EXPECT_TRUE(
	    dropped(check(Ethernet{} / IPv6{} / Fragment6{.more = true, .next = std::uint8_t{6}} / Payload::of(8)),
		    "bad-fragment"));
	// RFC 7112: the chain goes on in the next part
	EXPECT_TRUE(dropped(check(Ethernet{} / IPv6{} / Fragment6{.more = true, .next = destination} /
				  Payload(Bytes{6, 4, 0, 0, 0, 0, 0, 0})),
			    "bad-fragment"));
	EXPECT_TRUE(
	    dropped(check(Ethernet{} / IPv6{} / Fragment6{.fragment = 8191, .next = std::uint8_t{17}} / Payload::of(8)),
		    "bad-fragment"));
}

TEST_F(CheckIP6, BadVersionAndLength)
{
	for (std::uint8_t version = 0; version < 16; version++) {
		if (version != 6) {
			EXPECT_TRUE(dropped(check(Ethernet{} / IPv6{.version = version} / UDP{}), "bad-ip-version"));
		}
	}
	for (std::uint16_t length : std::initializer_list<std::uint16_t>{9, 1500, 65535})
		EXPECT_TRUE(dropped(check(Ethernet{} / IPv6{.length = length} / UDP{}), "bad-ip-length"));
	Bytes padded = Ethernet{} / IPv6{.length = std::uint16_t{8}} / UDP{} / Payload(Bytes(6));
	auto outcome = check(padded);
	EXPECT_TRUE(left(outcome, 0, padded));
	EXPECT_EQ(outcome.context.l3_len, 48);
}

TEST_F(CheckIP6, Sources)
{
	for (const char* address : {"ff02::1", "::1", "::ffff:10.0.0.1"})
		EXPECT_TRUE(dropped(check(Ethernet{} / IPv6{.src = address} / UDP{}), "bad-source")) << address;
	for (const char* address : {"::", "fe80::1", "fc00::1", "::2", "64:ff9b::10.0.0.1"}) {
		Bytes frame = Ethernet{} / IPv6{.src = address} / UDP{};
		EXPECT_TRUE(left(check(frame), 0, frame)) << address;
	}
}

TEST_F(CheckIP6, EveryPrefixIsRefused)
{
	Bytes frame =
	    Ethernet{} / IPv6{} / Extension{.type = hop_by_hop} / Fragment6{.more = true} / TCP{} / Payload::of(9);
	for (std::size_t size = 14; size < frame.size(); size++) {
		Bytes prefix(frame.begin(), frame.begin() + static_cast<long>(size));
		EXPECT_TRUE(dropped(check(prefix), size < 54 ? "truncated" : "bad-ip-length")) << size;
	}
}

// The same with a length field that fits: the walk itself must see the end, also
// where Ethernet padding follows.
TEST_F(CheckIP6, NoExtensionIsReadBeyondTheEnd)
{
	const Bytes options =
	    Ethernet{} / IPv6{} / Extension{.type = hop_by_hop} / Extension{.type = destination} / UDP{};
	const Bytes fragment = Ethernet{} / IPv6{} / Extension{.type = hop_by_hop} / Fragment6{.more = true} / UDP{};
	for (std::size_t padding : {0, 64})
		for (const Bytes& whole : {options, fragment})
			for (std::size_t size = 54; size <= whole.size(); size++) {
				Bytes frame(whole.begin(), whole.begin() + static_cast<long>(size));
				frame[18] = 0;
				frame[19] = static_cast<std::uint8_t>(size - 54);
				frame.resize(size + padding);
				if (size < 54 + 16)
					EXPECT_TRUE(dropped(check(frame), "bad-extension")) << size << " + " << padding;
				else
					EXPECT_TRUE(left(check(frame), 0, frame)) << size << " + " << padding;
			}
}

TEST_F(CheckIP6, BadPacketsLeaveByOutputOneWhenConnected)
{
	auto node = load("CheckIP6Header");
	for (const Bytes& frame :
	     {Bytes(Ethernet{} / Payload::of(10)), Bytes(Ethernet{} / IPv4{} / UDP{} / Payload::of(20)),
	      Bytes(Ethernet{} / IPv6{.src = "ff02::1"}), Bytes(Ethernet{} / IPv6{.next = destination})})
		EXPECT_TRUE(left(run(node, frame, behind_), 1, frame));
}

TEST_F(CheckIP6, Offset)
{
	auto node = load("CheckIP6Header", Params().set("OFFSET", 14u));
	Bytes frame = Ethernet{} / IPv6{} / UDP{};
	auto outcome = run(node, frame);
	EXPECT_TRUE(left(outcome, 0, frame));
	EXPECT_EQ(outcome.context.l3, 14);
}

} // namespace
} // namespace nfup::test
