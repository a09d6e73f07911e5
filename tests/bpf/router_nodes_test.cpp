// SPDX-License-Identifier: BSD-2-Clause
// CheckMTU, ICMPPingResponder, StaticNeighbours, NDPResponder, IPGWOptions.
#include <linux/bpf.h>

#include "behind_check.h"
#include "flow.h"
#include "samples.h"

namespace nfup::test {
namespace {

class RouterNodes : public BehindCheck {};

TEST_F(RouterNodes, CheckMTULooksAtTheDatagram)
{
	use("CheckMTU", Params().set("MTU", 576u));
	const auto long4 = [](std::size_t size, bool df) {
		return Bytes(Ethernet{} / IPv4{.dont_fragment = df} / UDP{} / Payload::of(size - 28));
	};
	const auto long6 = [](std::size_t size) {
		return Bytes(Ethernet{} / IPv6{} / UDP{} / Payload::of(size - 48));
	};
	for (const Bytes& frame : {long4(28, true), long4(576, true), long4(576, false), long6(576)})
		EXPECT_TRUE(left(send(frame), 0, frame));
	for (const Bytes& frame : {long4(577, true), long4(1400, true), long6(577)})
		EXPECT_TRUE(left(send(frame), 1, frame));
	for (const Bytes& frame : {long4(577, false), long4(1400, false)})
		EXPECT_TRUE(left(send(frame), 2, frame));
	// padding does not count
	Bytes padded = long4(570, true);
	padded.resize(700);
	EXPECT_TRUE(left(send(padded), 0, padded));

	use("CheckMTU", Params().set("MTU", 576u), {first_exit_slot, no_slot, no_slot});
	EXPECT_TRUE(dropped(send(long4(577, true)), "too-big"));
	EXPECT_TRUE(dropped(send(long4(577, false)), "too-big"));
	EXPECT_TRUE(dropped(send(long6(577)), "too-big"));
}

TEST_F(RouterNodes, PingsAreAnswered)
{
	use("ICMPPingResponder");
	for (const std::size_t size : {0, 1, 56, 1400}) {
		auto outcome =
		    send(Ethernet{} / IPv4{.ttl = 3, .tos = 0xb8} / ICMP{.id = 99, .seq = 2} / Payload::of(size));
		EXPECT_EQ(outcome.output, 0);
		EXPECT_EQ(outcome.frame, Bytes(Ethernet{} / IPv4{.src = "10.0.0.2", .dst = "10.0.0.1", .tos = 0xb8} /
					       ICMP{.type = 0, .id = 99, .seq = 2} / Payload::of(size)));
		EXPECT_EQ(outcome.context.flow, flow("10.0.0.2", 99, "10.0.0.1", 99, 1));
		outcome = send(Ethernet{} / IPv6{.hop_limit = 3} / ICMP6{.id = 99, .seq = 2} / Payload::of(size));
		EXPECT_EQ(outcome.output, 0);
		EXPECT_EQ(outcome.frame, Bytes(Ethernet{} / IPv6{.src = "2001:db8::2", .dst = "2001:db8::1"} /
					       ICMP6{.type = 129, .id = 99, .seq = 2} / Payload::of(size)));
		EXPECT_EQ(outcome.context.flow, flow("2001:db8::2", 99, "2001:db8::1", 99, 58));
	}
	// options come back as they came
	const Bytes record{7, 7, 4, 0, 0, 0, 0, 0};
	const auto outcome = send(Ethernet{} / IPv4{.options = record} / ICMP{});
	EXPECT_EQ(outcome.frame,
		  Bytes(Ethernet{} / IPv4{.src = "10.0.0.2", .dst = "10.0.0.1", .options = record} / ICMP{.type = 0}));
}

TEST_F(RouterNodes, WhatIsNoPingLeavesAsItCame)
{
	use("ICMPPingResponder");
	const std::vector<Bytes> others{
	    Ethernet{} / IPv4{} / ICMP{.type = 0},
	    Ethernet{} / IPv4{} / ICMP{.code = 1},
	    Ethernet{} / IPv4{} / ICMP{.type = 128},
	    Ethernet{} / IPv4{} / UDP{},
	    Ethernet{} / IPv4{.more = true} / ICMP{} / Payload::of(64),
	    Ethernet{} / IPv4{.fragment = 8} / ICMP{} / Payload::of(64),
	    Ethernet{} / IPv4{.dst = "224.0.0.1"} / ICMP{},
	    Ethernet{} / IPv4{.dst = "255.255.255.255"} / ICMP{},
	    Ethernet{} / IPv4{.proto = std::uint8_t{1}} / Payload("\x08\x00\x00"),
	    Ethernet{} / IPv4{.proto = std::uint8_t{58}} / ICMP{.type = 128},
	    Ethernet{} / IPv6{} / ICMP6{.type = 129},
	    Ethernet{} / IPv6{} / ICMP6{.type = 8},
	    Ethernet{} / IPv6{.dst = "ff02::1"} / ICMP6{},
	    Ethernet{} / IPv6{} / Fragment6{.more = true} / ICMP6{} / Payload::of(64),
	};
	for (const Bytes& frame : others)
		EXPECT_TRUE(left(send(frame), 1, frame));
	use("ICMPPingResponder", {}, {first_exit_slot, no_slot});
	EXPECT_TRUE(dropped(send(others[0]), "no-match"));
}

TEST_F(RouterNodes, StaticNeighboursAddressTheFrame)
{
	const Mac ours{2, 0, 0, 0, 1, 1};
	auto node =
	    load("StaticNeighbours", neighbours(ours, {"192.0.2.9 02:00:00:00:00:09", "fe80::9 02-00-00-00-00-69"}));
	const Bytes frame = Ethernet{} / Vlan{} / IPv4{} / UDP{};
	const auto to = [&](const char* hop) {
		pkt context{};
		const auto address = address6(hop);
		std::memcpy(context.next_hop, address.data(), address.size());
		return run(node, frame, context);
	};
	EXPECT_TRUE(left(to("::ffff:192.0.2.8"), 1, frame));
	EXPECT_TRUE(left(to("::c000:209"), 1, frame));
	EXPECT_EQ(to("::ffff:192.0.2.9").output, 0);
	EXPECT_EQ(to("::ffff:192.0.2.9").frame,
		  Bytes(Ethernet{.dst = {2, 0, 0, 0, 0, 9}, .src = ours} / Vlan{} / IPv4{} / UDP{}));
	EXPECT_EQ(to("fe80::9").frame,
		  Bytes(Ethernet{.dst = {2, 0, 0, 0, 0, 0x69}, .src = ours} / Vlan{} / IPv4{} / UDP{}));
	node = load("StaticNeighbours", neighbours(ours, {"192.0.2.9 02:00:00:00:00:09"}), {first_exit_slot, no_slot});
	EXPECT_TRUE(dropped(to("fe80::9"), "no-neighbour"));
}

// Filled up to a header of whole words, with zeros: ends of options.
Bytes with_options(Bytes options)
{
	options.resize((options.size() + 3) / 4 * 4);
	return Ethernet{} / IPv4{.options = options} / UDP{} / Payload("hello");
}

Bytes joined(Bytes a, const Bytes& b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

TEST_F(RouterNodes, RoutesAreRecorded)
{
	use("IPGWOptions", sample_params("IPGWOptions")); // 192.0.2.1
	for (unsigned nops = 0; nops < 4; nops++) {
		const Bytes front(nops, 1), empty{7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0},
		    one{7, 11, 8, 192, 0, 2, 1, 0, 0, 0, 0}, two{7, 11, 12, 192, 0, 2, 1, 192, 0, 2, 1};
		auto outcome = send(with_options(joined(front, empty)));
		EXPECT_EQ(outcome.output, 0);
		EXPECT_EQ(outcome.frame, with_options(joined(front, one))) << nops;
		EXPECT_EQ(send(outcome.frame).frame, with_options(joined(front, two))) << nops;
		const Bytes full = with_options(joined(front, two));
		EXPECT_TRUE(left(send(full), 0, full));
	}
	// the last of them, in the longest header
	const Bytes stamp{68, 8, 5, 0, 1, 2, 3, 4};
	Bytes before = joined(joined(Bytes(22, 1), stamp), {7, 7, 4, 9, 9, 9, 9, 0, 0, 0}), after = before;
	const Bytes ours{8, 192, 0, 2, 1};
	std::copy(ours.begin(), ours.end(), after.begin() + 32);
	EXPECT_EQ(send(with_options(before)).frame, with_options(after));
}

TEST_F(RouterNodes, OtherOptionsPass)
{
	use("IPGWOptions", sample_params("IPGWOptions"));
	const std::vector<Bytes> others{
	    Ethernet{} / IPv4{} / UDP{},  Ethernet{} / IPv6{} / UDP{},
	    with_options(Bytes(40, 1)),   with_options({68, 8, 5, 0, 0, 0, 0, 0}),
	    with_options({148, 4, 0, 0}), with_options({0, 131, 3, 4}), // behind the end
	    with_options({7, 3, 4}),
	};
	for (const Bytes& frame : others)
		EXPECT_TRUE(left(send(frame), 0, frame));
}

TEST_F(RouterNodes, BadOptionsDoNot)
{
	use("IPGWOptions", sample_params("IPGWOptions"));
	const std::vector<Bytes> bad{
	    with_options({131, 7, 4, 10, 0, 0, 9}),
	    with_options({137, 7, 4, 10, 0, 0, 9}),
	    with_options(joined(Bytes(37, 1), {131, 3, 4})),
	    with_options({7, 0, 4, 0}),
	    with_options({7, 1, 4, 0}),
	    with_options({7, 2, 4, 0}),
	    with_options({7, 9, 4, 0, 0, 0, 0, 0}), // beyond the header
	    with_options({148, 5, 0, 0}),
	    with_options({1, 1, 1, 148}),
	    with_options({7, 7, 3, 0, 0, 0, 0}),
	    with_options({7, 7, 0, 0, 0, 0, 0}),
	    with_options({7, 7, 5, 0, 0, 0, 0}),
	    with_options({7, 7, 7, 0, 0, 0, 0}),
	};
	for (const Bytes& frame : bad)
		EXPECT_TRUE(left(send(frame), 1, frame));
	use("IPGWOptions", sample_params("IPGWOptions"), {first_exit_slot, no_slot});
	EXPECT_TRUE(dropped(send(bad[0]), "bad-ip-option"));
}

const Mac asker{2, 0, 0, 0, 0, 1}, ours{2, 0, 0, 0, 1, 1};

Payload body(const std::string& target, const Bytes& option)
{
	const auto address = address6(target);
	Bytes out(address.begin(), address.end());
	out.insert(out.end(), option.begin(), option.end());
	return out;
}

Bytes solicitation(const std::string& target, const std::string& from = "2001:db8::1", std::uint8_t hops = 255)
{
	const Bytes source = from == "::" ? Bytes{} : Bytes{1, 1, 2, 0, 0, 0, 0, 1};
	return Ethernet{.dst = {0x33, 0x33, 0xff, 0, 0, 2}, .src = asker} /
	       IPv6{.src = from, .dst = "ff02::1:ff00:2", .hop_limit = hops} / ICMP6{.type = 135, .id = 0, .seq = 0} /
	       body(target, source);
}

TEST_F(RouterNodes, SolicitationsAreAnswered)
{
	use("NDPResponder", sample_params("NDPResponder")); // 2001:db8::/64
	const Bytes option{2, 1, 2, 0, 0, 0, 1, 1};
	for (const std::string target : {"2001:db8::2", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"}) {
		const auto outcome = send(solicitation(target));
		EXPECT_EQ(outcome.output, 0);
		EXPECT_EQ(outcome.frame, Bytes(Ethernet{.dst = asker, .src = ours} /
					       IPv6{.src = target, .dst = "2001:db8::1", .hop_limit = 255} /
					       ICMP6{.type = 136, .id = 0xe000, .seq = 0} / body(target, option)));
	}
	// who tests whether the address is free has none to be answered at
	const auto outcome = send(solicitation("2001:db8::2", "::"));
	EXPECT_EQ(outcome.frame, Bytes(Ethernet{.dst = {0x33, 0x33, 0, 0, 0, 1}, .src = ours} /
				       IPv6{.src = "2001:db8::2", .dst = "ff02::1", .hop_limit = 255} /
				       ICMP6{.type = 136, .id = 0xa000, .seq = 0} / body("2001:db8::2", option)));
	Bytes padded = solicitation("2001:db8::2");
	padded.resize(padded.size() + 20);
	EXPECT_EQ(send(padded).frame, send(solicitation("2001:db8::2")).frame);
}

TEST_F(RouterNodes, OtherNeighbourMessagesLeaveAsTheyCame)
{
	use("NDPResponder", sample_params("NDPResponder"));
	const std::vector<Bytes> others{
	    solicitation("2001:db8:0:1::2"),
	    solicitation("fe80::2"),
	    solicitation("2001:db8::2", "2001:db8::1", 254), // from another link
	    Ethernet{} / IPv6{.hop_limit = 255} / ICMP6{.type = 136} / body("2001:db8::2", {}),
	    Ethernet{} / IPv6{.hop_limit = 255} / ICMP6{.type = 135, .code = 1} / body("2001:db8::2", {}),
	    Ethernet{} / IPv6{.hop_limit = 255} / ICMP6{.type = 135} / Payload::of(15),
	    Ethernet{} / IPv6{.hop_limit = 255} / Extension{} / ICMP6{.type = 135} / body("2001:db8::2", {}),
	    Ethernet{} / IPv6{.hop_limit = 255} / UDP{} / body("2001:db8::2", {}),
	    Ethernet{} / IPv4{} / UDP{},
	};
	for (const Bytes& frame : others)
		EXPECT_TRUE(left(send(frame), 1, frame));
	use("NDPResponder", Params().set("ADDRESSES", prefix6("::", 0)).set("MAC", ours));
	EXPECT_EQ(send(solicitation("fe80::2")).output, 0);
	const Bytes group = solicitation("ff02::2");
	EXPECT_TRUE(left(send(group), 1, group));
}

} // namespace
} // namespace nfup::test
