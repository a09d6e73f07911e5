// SPDX-License-Identifier: BSD-2-Clause
// CheckUDPHeader, CheckICMPHeader, behind the IP checks that they need.
#include "harness.h"

namespace nfup::test {
namespace {

class CheckDatagram : public NodeTest {
protected:
	Outcome check(const Object& node, const Bytes& frame, bool six = false)
	{
		pkt context{};
		context.cursor = 14;
		const Outcome ip = run(load(six ? "CheckIP6Header" : "CheckIPHeader"), frame, context);
		EXPECT_EQ(ip.output, 0);
		return run(node, frame, ip.context);
	}
	Object strict(const char* cls, bool checksum = true)
	{
		return load(cls, Params().set("CHECKSUM", std::uint8_t{checksum}), {first_exit_slot, no_slot});
	}
};

TEST_F(CheckDatagram, UDPOfBothFamilies)
{
	auto node = strict("CheckUDPHeader");
	for (const std::size_t size : {0u, 1u, 2u, 100u, 1400u}) {
		const Bytes four = Ethernet{} / IPv4{} / UDP{} / Payload::of(size),
			    six = Ethernet{} / IPv6{} / UDP{} / Payload::of(size);
		auto outcome = check(node, four);
		EXPECT_TRUE(left(outcome, 0, four)) << size;
		EXPECT_EQ(outcome.context.payload, 42);
		EXPECT_TRUE(left(check(node, six, true), 0, six)) << size;
		EXPECT_TRUE(dropped(check(node, Ethernet{} / IPv4{} / UDP{.bad_checksum = true} / Payload::of(size)),
				    "bad-l4-checksum"));
		EXPECT_TRUE(
		    dropped(check(node, Ethernet{} / IPv6{} / UDP{.bad_checksum = true} / Payload::of(size), true),
			    "bad-l4-checksum"));
	}
}

TEST_F(CheckDatagram, UDPWithoutAChecksumIsForIPv4Only)
{
	auto node = strict("CheckUDPHeader");
	EXPECT_EQ(check(node, Ethernet{} / IPv4{} / UDP{.checksum = 0} / Payload("x")).output, 0);
	EXPECT_TRUE(
	    dropped(check(node, Ethernet{} / IPv6{} / UDP{.checksum = 0} / Payload("x"), true), "bad-l4-checksum"));
}

TEST_F(CheckDatagram, UDPLengths)
{
	auto node = strict("CheckUDPHeader"), lax = strict("CheckUDPHeader", false);
	for (const unsigned length : {0u, 7u, 14u, 0xffffu})
		EXPECT_TRUE(dropped(check(lax, Ethernet{} / IPv4{} / UDP{.length = static_cast<std::uint16_t>(length)} /
						   Payload("hello")),
				    "bad-l4-length"))
		    << length;
	// Bytes of the IP datagram behind the UDP one (RFC 9868) are no part of its sum.
	EXPECT_EQ(check(lax, Ethernet{} / IPv4{} / UDP{.length = 8} / Payload("hello")).output, 0);
	EXPECT_EQ(check(lax, Ethernet{} / IPv4{} / UDP{.bad_checksum = true} / Payload("hello")).output, 0);
	EXPECT_TRUE(dropped(check(node, Ethernet{} / IPv4{.length = 25} / UDP{} / Payload("hello")), "truncated"));
}

TEST_F(CheckDatagram, UDPFragments)
{
	auto node = strict("CheckUDPHeader");
	// The first part cannot be summed, and its length speaks of the whole.
	EXPECT_EQ(
	    check(node, Ethernet{} / IPv4{.more = true} / UDP{.length = 2000, .checksum = 1} / Payload::of(24)).output,
	    0);
	EXPECT_TRUE(
	    dropped(check(node, Ethernet{} / IPv4{.fragment = 4, .proto = 17} / Payload::of(24)), "wrong-protocol"));
	EXPECT_TRUE(dropped(check(node, Ethernet{} / IPv4{} / TCP{}), "wrong-protocol"));
	const Bytes tcp = Ethernet{} / IPv4{} / TCP{};
	EXPECT_TRUE(left(check(load("CheckUDPHeader", Params().set("CHECKSUM", std::uint8_t{1})), tcp), 1, tcp));
}

TEST_F(CheckDatagram, ICMPOfBothFamilies)
{
	auto node = strict("CheckICMPHeader");
	for (const std::size_t size : {0u, 1u, 56u, 1400u}) {
		const Bytes four = Ethernet{} / IPv4{} / ICMP{} / Payload::of(size),
			    six = Ethernet{} / IPv6{} / ICMP6{} / Payload::of(size);
		auto outcome = check(node, four);
		EXPECT_TRUE(left(outcome, 0, four)) << size;
		EXPECT_EQ(outcome.context.payload, 42);
		EXPECT_TRUE(left(check(node, six, true), 0, six)) << size;
		const Bytes bad4 = Ethernet{} / IPv4{} / ICMP{.bad_checksum = true} / Payload::of(size),
			    bad6 = Ethernet{} / IPv6{} / ICMP6{.bad_checksum = true} / Payload::of(size);
		EXPECT_TRUE(dropped(check(node, bad4), "bad-l4-checksum"));
		EXPECT_TRUE(dropped(check(node, bad6, true), "bad-l4-checksum"));
		EXPECT_EQ(check(strict("CheckICMPHeader", false), bad4).output, 0);
	}
	EXPECT_TRUE(dropped(check(node, Ethernet{} / IPv4{.length = 27} / ICMP{}), "truncated"));
	EXPECT_TRUE(dropped(check(node, Ethernet{} / IPv4{} / UDP{} / Payload::of(8)), "wrong-protocol"));
	// ICMPv6 over IPv4 is neither.
	EXPECT_TRUE(dropped(check(node, Ethernet{} / IPv4{.proto = 58} / ICMP{}), "wrong-protocol"));
}

} // namespace
} // namespace nfup::test
