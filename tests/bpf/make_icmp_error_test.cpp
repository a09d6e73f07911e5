// SPDX-License-Identifier: BSD-2-Clause
// ICMPError, ICMP6Error and FixIPSrc.
#include <linux/bpf.h>

#include "behind_check.h"
#include "flow.h"
#include "samples.h"

namespace nfup::test {
namespace {

const std::string router = "192.0.2.1", router6 = "2001:db8::ffff";

Params about4(std::uint8_t type, std::uint8_t code = 0, unsigned mtu = 0, std::uint8_t pointer = 0)
{
	return Params()
	    .set("SRC", inet_addr(router.c_str()))
	    .set("TYPE", type)
	    .set("CODE", code)
	    .set("MTU", static_cast<std::uint16_t>(mtu))
	    .set("POINTER", pointer);
}

Params about6(std::uint8_t type, std::uint8_t code = 0, unsigned mtu = 1280, unsigned pointer = 0)
{
	return Params()
	    .set("SRC", address6(router6))
	    .set("TYPE", type)
	    .set("CODE", code)
	    .set("MTU", mtu)
	    .set("POINTER", pointer);
}

// The first bytes of the frame's datagram.
Payload quote(const Bytes& frame, std::size_t size, std::size_t link_header = 14)
{
	const auto start = frame.begin() + static_cast<long>(link_header);
	return Bytes(start, start + static_cast<long>(size));
}

class MakeIcmpError : public BehindCheck {
protected:
	// The sender is 10.0.0.1; the identification, which nobody can foresee, is taken over.
	static Bytes error4(const Bytes& seen, const ICMP& icmp, const Payload& quoted, const std::string& src = router)
	{
		const auto id = static_cast<std::uint16_t>(seen.at(18) << 8 | seen.at(19));
		return Ethernet{} / IPv4{.src = src, .dst = "10.0.0.1", .tos = 0xc0, .id = id} / icmp / quoted;
	}
	static Bytes error6(const ICMP6& icmp, const Payload& quoted, const std::string& src = router6)
	{
		return Ethernet{} / IPv6{.src = src, .dst = "2001:db8::1"} / icmp / quoted;
	}
};

TEST_F(MakeIcmpError, TimeExceeded)
{
	use("ICMPError", about4(11));
	const Bytes frame = Ethernet{} / IPv4{.ttl = 1} / TCP{} / Payload("hello");
	const auto outcome = send(frame);
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(outcome.frame, error4(outcome.frame, {.type = 11, .id = 0, .seq = 0}, quote(frame, 45)));

	const pkt& c = outcome.context;
	EXPECT_EQ(c.l2, 0);
	EXPECT_EQ(c.cursor, 14);
	EXPECT_EQ(c.l3, 14);
	EXPECT_EQ(c.l4, 34);
	EXPECT_EQ(c.l3_len, 28 + 45);
	EXPECT_EQ(c.ip_proto, 1);
	EXPECT_EQ(c.flags, PKT_FIX_SRC);
	EXPECT_EQ(c.flow, flow(router, 0, "10.0.0.1", 0, 1));
}

TEST_F(MakeIcmpError, QuotesWhatFitsInto576Bytes)
{
	use("ICMPError", about4(11));
	for (const std::size_t size : {0, 1, 2, 3, 519, 520, 521, 1400}) {
		const Bytes frame = Ethernet{} / IPv4{} / UDP{} / Payload::of(size);
		const auto outcome = send(frame);
		const std::size_t quoted = std::min<std::size_t>(28 + size, 548);
		EXPECT_EQ(outcome.frame, error4(outcome.frame, {.type = 11, .id = 0, .seq = 0}, quote(frame, quoted)))
		    << size;
		EXPECT_LE(outcome.frame.size(), 14u + 576);
	}
}

TEST_F(MakeIcmpError, PaddingIsNotQuoted)
{
	use("ICMPError", about4(11));
	Bytes frame = Ethernet{} / IPv4{} / UDP{} / Payload("hi");
	frame.resize(60, 0xaa);
	const auto outcome = send(frame);
	EXPECT_EQ(outcome.frame, error4(outcome.frame, {.type = 11, .id = 0, .seq = 0}, quote(frame, 30)));
}

TEST_F(MakeIcmpError, OptionsAreQuotedAndTagsStay)
{
	use("ICMPError", about4(11));
	const Bytes frame = Ethernet{} / Vlan{.id = 7, .tpid = 0x88a8} / Vlan{.id = 8} /
			    IPv4{.options = {7, 7, 4, 0, 0, 0, 0, 0}} / UDP{};
	const auto outcome = send(frame, 22);
	Bytes want = error4(Bytes(outcome.frame.begin() + 8, outcome.frame.end()), {.type = 11, .id = 0, .seq = 0},
			    quote(frame, 36, 22));
	want.erase(want.begin(), want.begin() + 14);
	want.insert(want.begin(), frame.begin(), frame.begin() + 22);
	EXPECT_EQ(outcome.frame, want);
	EXPECT_EQ(outcome.context.l3, 22);
}

TEST_F(MakeIcmpError, TypesWithAWordOfTheirOwn)
{
	const Bytes frame = Ethernet{} / IPv4{.dont_fragment = true} / UDP{};
	use("ICMPError", about4(3, 4, 1400));
	auto outcome = send(frame);
	EXPECT_EQ(outcome.frame, error4(outcome.frame, {.type = 3, .code = 4, .id = 0, .seq = 1400}, quote(frame, 28)));
	use("ICMPError", about4(12, 0, 1400, 20));
	outcome = send(frame);
	EXPECT_EQ(outcome.frame, error4(outcome.frame, {.type = 12, .id = 20 << 8, .seq = 0}, quote(frame, 28)));
	use("ICMPError", about4(3, 1, 1400, 20));
	outcome = send(frame);
	EXPECT_EQ(outcome.frame, error4(outcome.frame, {.type = 3, .code = 1, .id = 0, .seq = 0}, quote(frame, 28)));
}

// RFC 1812 §4.3.2.7
TEST_F(MakeIcmpError, AboutSomePacketsNever)
{
	use("ICMPError", about4(11));
	const Mac broadcast{255, 255, 255, 255, 255, 255}, group{1, 0, 0x5e, 0, 0, 1};
	const std::vector<Bytes> silent{
	    Ethernet{} / IPv4{.fragment = 1} / Payload::of(64), Ethernet{} / IPv4{.dst = "224.0.0.1"} / UDP{},
	    Ethernet{} / IPv4{.dst = "240.0.0.1"} / UDP{},      Ethernet{} / IPv4{.dst = "255.255.255.255"} / UDP{},
	    Ethernet{} / IPv4{.src = "0.1.2.3"} / UDP{},        Ethernet{} / IPv4{.src = "127.0.0.1"} / UDP{},
	    Ethernet{} / IPv4{.src = "224.0.0.1"} / UDP{},      Ethernet{} / IPv4{.src = "255.255.255.254"} / UDP{},
	    Ethernet{.dst = broadcast} / IPv4{} / UDP{},        Ethernet{.dst = group} / IPv4{} / UDP{},
	    Ethernet{} / IPv4{.proto = std::uint8_t{1}}, // ICMP of which nobody knows the type
	};
	for (const Bytes& frame : silent)
		EXPECT_TRUE(dropped(send(frame), "icmp-silent"));
	for (unsigned type = 0; type < 256; type++) {
		const Bytes frame = Ethernet{} / IPv4{} / ICMP{.type = static_cast<std::uint8_t>(type)};
		const auto outcome = send(frame);
		if (type == 3 || type == 4 || type == 5 || type == 11 || type == 12)
			EXPECT_TRUE(dropped(outcome, "icmp-silent")) << type;
		else
			EXPECT_EQ(outcome.output, 0) << type;
	}
	EXPECT_EQ(send(Ethernet{} / IPv4{.more = true} / UDP{} / Payload::of(64)).output, 0); // a first fragment
	EXPECT_TRUE(dropped(send(Ethernet{} / IPv6{} / UDP{}), "bad-ip-version"));
}

TEST_F(MakeIcmpError, OfIPv6)
{
	const Bytes frame = Ethernet{} / IPv6{.hop_limit = 1} / UDP{} / Payload("hello");
	use("ICMP6Error", about6(3));
	const auto outcome = send(frame);
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(outcome.frame, error6({.type = 3, .id = 0, .seq = 0}, quote(frame, 53)));
	EXPECT_EQ(outcome.context.l3, 14);
	EXPECT_EQ(outcome.context.cursor, 14);
	EXPECT_EQ(outcome.context.l4, 54);
	EXPECT_EQ(outcome.context.l3_len, 48 + 53);
	EXPECT_EQ(outcome.context.flow, flow(router6, 0, "2001:db8::1", 0, 58));

	use("ICMP6Error", about6(2, 0, 1400));
	EXPECT_EQ(send(frame).frame, error6({.type = 2, .id = 0, .seq = 1400}, quote(frame, 53)));
	use("ICMP6Error", about6(4, 1, 1400, 6));
	EXPECT_EQ(send(frame).frame, error6({.type = 4, .code = 1, .id = 0, .seq = 6}, quote(frame, 53)));
	use("ICMP6Error", about6(1, 4));
	EXPECT_EQ(send(frame).frame, error6({.type = 1, .code = 4, .id = 0, .seq = 0}, quote(frame, 53)));
}

TEST_F(MakeIcmpError, OfIPv6QuotesWhatFitsInto1280Bytes)
{
	use("ICMP6Error", about6(2, 0, 1400));
	for (const std::size_t size : {0, 1, 1183, 1184, 1185, 1400}) {
		const Bytes frame = Ethernet{} / IPv6{} / UDP{} / Payload::of(size);
		const std::size_t quoted = std::min<std::size_t>(48 + size, 1232);
		EXPECT_EQ(send(frame).frame, error6({.type = 2, .id = 0, .seq = 1400}, quote(frame, quoted))) << size;
	}
}

// RFC 4443 §2.4 e
TEST_F(MakeIcmpError, OfIPv6AboutSomePacketsNever)
{
	const Bytes to_group = Ethernet{} / IPv6{.dst = "ff02::1"} / UDP{},
		    to_link_group = Ethernet{.dst = {0x33, 0x33, 0, 0, 0, 1}} / IPv6{} / UDP{};
	use("ICMP6Error", about6(3));
	EXPECT_TRUE(dropped(send(to_group), "icmp-silent"));
	EXPECT_TRUE(dropped(send(to_link_group), "icmp-silent"));
	EXPECT_TRUE(dropped(send(Ethernet{} / IPv6{.src = "::"} / UDP{}), "icmp-silent"));
	EXPECT_TRUE(dropped(send(Ethernet{} / IPv6{.next = std::uint8_t{58}}), "icmp-silent"));
	EXPECT_TRUE(
	    dropped(send(Ethernet{} / IPv6{} / Fragment6{.fragment = 8, .next = std::uint8_t{58}} / Payload::of(16)),
		    "icmp-silent"));
	for (unsigned type = 0; type < 256; type++) {
		const auto outcome = send(Ethernet{} / IPv6{} / ICMP6{.type = static_cast<std::uint8_t>(type)});
		if (type < 128 || type == 137)
			EXPECT_TRUE(dropped(outcome, "icmp-silent")) << type;
		else
			EXPECT_EQ(outcome.output, 0) << type;
	}
	// too big, for path MTU discovery of groups; and an option that must be reported
	for (const Params& params : {about6(2, 0, 1400), about6(4, 2)}) {
		use("ICMP6Error", params);
		EXPECT_EQ(send(to_group).output, 0);
		EXPECT_EQ(send(to_link_group).output, 0);
	}
	use("ICMP6Error", about6(4, 1));
	EXPECT_TRUE(dropped(send(to_group), "icmp-silent"));
	EXPECT_TRUE(dropped(send(Ethernet{} / IPv4{} / UDP{}), "bad-ip-version"));
}

TEST_F(MakeIcmpError, GetsTheAddressItLeavesBy)
{
	const Bytes frame = Ethernet{} / IPv4{} / UDP{}, frame6 = Ethernet{} / IPv6{} / UDP{};
	const ICMP expired{.type = 11, .id = 0, .seq = 0};
	const ICMP6 expired6{.type = 3, .id = 0, .seq = 0};
	auto fix = load("FixIPSrc", Params().set("IPADDR", address6("::ffff:198.51.100.1")));
	auto fix6 = load("FixIPSrc", Params().set("IPADDR", address6("2001:db8:1::1")));

	use("ICMPError", about4(11));
	const auto error = send(frame);
	auto fixed = run(fix, error.frame, error.context);
	EXPECT_EQ(fixed.frame, error4(fixed.frame, expired, quote(frame, 28), "198.51.100.1"));
	EXPECT_EQ(fixed.context.flow, flow("198.51.100.1", 0, "10.0.0.1", 0, 1));
	EXPECT_TRUE(left(run(fix6, error.frame, error.context), 0, error.frame));

	use("ICMP6Error", about6(3));
	const auto error_6 = send(frame6);
	fixed = run(fix6, error_6.frame, error_6.context);
	EXPECT_EQ(fixed.frame, error6(expired6, quote(frame6, 48), "2001:db8:1::1"));
	EXPECT_EQ(fixed.context.flow, flow("2001:db8:1::1", 0, "2001:db8::1", 0, 58));
	EXPECT_TRUE(left(run(fix, error_6.frame, error_6.context), 0, error_6.frame));
}

TEST_F(MakeIcmpError, OthersKeepTheirSource)
{
	for (const char* address : {"::ffff:198.51.100.1", "2001:db8:1::1"}) {
		use("FixIPSrc", Params().set("IPADDR", address6(address)));
		for (const Bytes& frame : std::vector<Bytes>{Ethernet{} / IPv4{} / ICMP{}, Ethernet{} / IPv6{} / UDP{}})
			EXPECT_TRUE(left(send(frame), 0, frame));
	}
}

} // namespace
} // namespace nfup::test
