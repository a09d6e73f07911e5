// SPDX-License-Identifier: BSD-2-Clause
// IPIPEncap, IPIPDecap, GREEncap, GREDecap: the frame that would be sent, byte for byte.
#include <linux/bpf.h>

#include "flow.h"
#include "harness.h"

namespace nfup::test {
namespace {

const std::string near4 = "192.0.2.1", far4 = "192.0.2.9", near6 = "2001:db8:77::1", far6 = "2001:db8:77::9";

// As the type "addr".
std::array<std::uint8_t, 16> address(const std::string& text)
{
	std::array<std::uint8_t, 16> out{};
	inet_pton(AF_INET6, (text.find(':') == std::string::npos ? "::ffff:" + text : text).c_str(), out.data());
	return out;
}

Params tunnel(const std::string& src, const std::string& dst)
{
	Params p;
	p.set("SRC", address(src));
	if (!dst.empty())
		p.set("DST", address(dst));
	return p.set("TTL", std::uint8_t{64}).set("DSCP", std::uint8_t{64}).set("MTU", 1500u);
}

class Tunnel : public NodeTest {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		four_ = load("CheckIPHeader", Params().set("CHECKSUM", std::uint8_t{1}), {first_exit_slot, no_slot});
		six_ = load("CheckIP6Header", {}, {first_exit_slot, no_slot});
		decap_ = load("IPIPDecap");
	}
	// What ToDevice would send.
	static Bytes sent(const Outcome& outcome)
	{
		return {outcome.frame.begin() + outcome.context.l2, outcome.frame.end()};
	}
	// The frame as its check leaves it.
	Outcome checked(const Bytes& frame, unsigned link = 14)
	{
		pkt context{};
		context.cursor = static_cast<__u16>(link);
		Outcome outcome = run(frame[link] >> 4 == 4 ? four_ : six_, frame, context);
		EXPECT_EQ(outcome.output, 0) << outcome;
		return outcome;
	}
	Outcome through(const Object& node, const Bytes& frame, unsigned link = 14)
	{
		const Outcome before = checked(frame, link);
		return run(node, before.frame, before.context);
	}

	Object four_, six_, decap_;
};

// The flow label is a hash of the inner flow: not known to the test.
Bytes without_label(Bytes frame, unsigned at)
{
	frame[at + 1] = static_cast<std::uint8_t>(frame[at + 1] & 0xf0);
	frame[at + 2] = frame[at + 3] = 0;
	return frame;
}

TEST_F(Tunnel, IPv4InIPv4)
{
	const Object encap = load("IPIPEncap", tunnel(near4, far4));
	const IPv4 inner{.ttl = 5, .tos = 0xb9}; // EF, ECT(1)
	const Bytes frame = Ethernet{} / inner / TCP{} / Payload("hello");
	const Bytes wanted = Ethernet{} / IPv4{.src = near4, .dst = far4, .tos = 0xb9, .id = 0, .dont_fragment = true} /
			     inner / TCP{} / Payload("hello");
	const Outcome outcome = through(encap, frame);
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(sent(outcome), wanted);
	const pkt& p = outcome.context;
	EXPECT_EQ(p.cursor, p.l2 + 14);
	EXPECT_EQ(p.l3, p.cursor);
	EXPECT_EQ(p.l4, p.l3 + 20);
	EXPECT_EQ(p.l3_len, wanted.size() - 14);
	EXPECT_EQ(p.ip_proto, 4);
	EXPECT_EQ(p.flags, 0);
	EXPECT_EQ(p.flow, flow(near4, 0, far4, 0, 4));
	// what the other end finds is what a check of that frame would find
	const pkt again = checked(wanted).context;
	EXPECT_EQ(again.flow, p.flow);
	EXPECT_EQ(again.l3_len, p.l3_len);

	const Outcome out = through(decap_, wanted);
	EXPECT_EQ(out.output, 0);
	EXPECT_EQ(sent(out), frame);
	EXPECT_EQ(out.context.cursor, out.context.l2 + 14);
	EXPECT_EQ(out.context.l3, out.context.cursor);
	const Outcome last = run(four_, out.frame, out.context);
	EXPECT_EQ(last.context.flow, flow("10.0.0.1", 1000, "10.0.0.2", 80, 6));
}

TEST_F(Tunnel, IPv6InIPv4)
{
	const Bytes frame = Ethernet{} / IPv6{.traffic_class = 0x2a} / UDP{} / Payload("hello");
	const Bytes wanted = Ethernet{} / IPv4{.src = near4, .dst = far4, .tos = 0x2a, .id = 0, .dont_fragment = true} /
			     IPv6{.traffic_class = 0x2a} / UDP{} / Payload("hello");
	const Outcome outcome = through(load("IPIPEncap", tunnel(near4, far4)), frame);
	EXPECT_EQ(sent(outcome), wanted);
	EXPECT_EQ(outcome.context.ethertype, htons(0x0800));
	EXPECT_EQ(outcome.context.flow, flow(near4, 0, far4, 0, 41));
	EXPECT_EQ(sent(through(decap_, wanted)), frame);
}

TEST_F(Tunnel, BothFamiliesInIPv6)
{
	const Object encap = load("IPIPEncap", tunnel(near6, far6).set("TTL", std::uint8_t{9}));
	const IPv6 outer{.src = near6, .dst = far6, .hop_limit = 9};
	const Bytes four = Ethernet{} / IPv4{} / UDP{} / Payload("hello"), six = Ethernet{} / IPv6{} / TCP{};
	Outcome outcome = through(encap, four);
	EXPECT_EQ(without_label(sent(outcome), 14), Bytes(Ethernet{} / outer / IPv4{} / UDP{} / Payload("hello")));
	EXPECT_EQ(outcome.context.flow, flow(near6, 0, far6, 0, 4));
	EXPECT_EQ(outcome.context.l4, outcome.context.l3 + 40);
	EXPECT_EQ(sent(through(decap_, sent(outcome))), four);
	outcome = through(encap, six);
	EXPECT_EQ(without_label(sent(outcome), 14), Bytes(Ethernet{} / outer / IPv6{} / TCP{}));
	EXPECT_EQ(sent(through(decap_, sent(outcome))), six);
}

// RFC 6438: it has to tell flows apart, and not the packets of one.
TEST_F(Tunnel, TheFlowLabelIsTheFlows)
{
	const Object encap = load("IPIPEncap", tunnel(near6, far6));
	auto label = [&](const Bytes& frame) {
		const Bytes out = sent(through(encap, frame));
		return Bytes{static_cast<std::uint8_t>(out[15] & 15), out[16], out[17]};
	};
	const Bytes one = label(Ethernet{} / IPv4{} / TCP{.sport = 1});
	EXPECT_EQ(one, label(Ethernet{} / IPv4{} / TCP{.sport = 1} / Payload("more")));
	EXPECT_NE(one, label(Ethernet{} / IPv4{} / TCP{.sport = 2}));
	EXPECT_NE(one, Bytes(3, 0));
}

TEST_F(Tunnel, TagsAndPaddingComeAlong)
{
	const Object encap = load("IPIPEncap", tunnel(near4, far4));
	const IPv4 outer{.src = near4, .dst = far4, .id = 0, .dont_fragment = true};
	const Bytes tagged = Ethernet{} / Vlan{.id = 7} / IPv4{} / UDP{},
		    twice = Ethernet{} / Vlan{.id = 100, .tpid = 0x88a8} / Vlan{.id = 7} / IPv6{} / UDP{};
	EXPECT_EQ(sent(through(encap, tagged, 18)), Bytes(Ethernet{} / Vlan{.id = 7} / outer / IPv4{} / UDP{}));
	const Bytes wanted = Ethernet{} / Vlan{.id = 100, .tpid = 0x88a8} / Vlan{.id = 7} / outer / IPv6{} / UDP{};
	EXPECT_EQ(sent(through(encap, twice, 22)), wanted);
	EXPECT_EQ(sent(through(decap_, wanted, 22)), twice);

	const Bytes padding(18, 0xaa);
	Bytes padded = Ethernet{} / IPv4{} / UDP{}, longer = Ethernet{} / outer / IPv4{} / UDP{};
	padded.insert(padded.end(), padding.begin(), padding.end());
	longer.insert(longer.end(), padding.begin(), padding.end());
	EXPECT_EQ(sent(through(encap, padded)), longer);
	EXPECT_EQ(sent(through(decap_, longer)), padded);
}

TEST_F(Tunnel, FragmentsTravelWhole)
{
	const IPv4 later{.fragment = 100};
	const Bytes frame = Ethernet{} / later / Payload("the rest");
	const Outcome outcome = through(load("IPIPEncap", tunnel(near4, far4)), frame);
	EXPECT_EQ(sent(outcome), Bytes(Ethernet{} / IPv4{.src = near4, .dst = far4, .id = 0, .dont_fragment = true} /
				       later / Payload("the rest")));
	EXPECT_EQ(outcome.context.flags, 0);
}

TEST_F(Tunnel, WhatIsTooLongIsRefusedAsItCame)
{
	const Bytes fits = Ethernet{} / IPv4{} / UDP{} / Payload::of(1500 - 48),
		    longer = Ethernet{} / IPv4{} / UDP{} / Payload::of(1500 - 47);
	EXPECT_EQ(through(load("IPIPEncap", tunnel(near4, far4)), fits).output, 0);
	EXPECT_TRUE(left(through(load("IPIPEncap", tunnel(near4, far4)), longer), 1, longer));
	EXPECT_TRUE(
	    dropped(through(load("IPIPEncap", tunnel(near4, far4), {first_exit_slot, no_slot}), longer), "too-big"));
	const Bytes fits6 = Ethernet{} / IPv4{} / UDP{} / Payload::of(1500 - 68);
	const Object six = load("IPIPEncap", tunnel(near6, far6));
	EXPECT_EQ(through(six, fits6).output, 0);
	EXPECT_TRUE(left(through(six, fits), 1, fits));
}

TEST_F(Tunnel, DscpMayBeTheTunnelsOwn)
{
	const Object encap = load("IPIPEncap", tunnel(near4, far4).set("DSCP", std::uint8_t{10}));
	const Bytes out = sent(through(encap, Ethernet{} / IPv4{.tos = 0xb9} / UDP{}));
	EXPECT_EQ(out[15], 10 << 2 | 1);
	EXPECT_EQ(out[35], 0xb9);
}

// RFC 6040 figure 4: rows are the inner ECN, columns the outer; -1: dropped.
TEST_F(Tunnel, EcnBehindTheTunnel)
{
	const int not_ect = 0, ect1 = 1, ect0 = 2, ce = 3;
	const int wanted[4][4] = {
	    // outer: not-ECT, ECT(1), ECT(0), CE
	    {not_ect, not_ect, not_ect, -1},
	    {ect1, ect1, ect1, ce},
	    {ect0, ect1, ect0, ce},
	    {ce, ce, ce, ce},
	};
	for (int inner = 0; inner < 4; inner++)
		for (int outer = 0; outer < 4; outer++) {
			const auto in = static_cast<std::uint8_t>(0xb8 | inner), out = static_cast<std::uint8_t>(outer);
			const auto became = static_cast<std::uint8_t>(0xb8 | wanted[inner][outer]);
			const Outcome four = through(decap_, Ethernet{} / IPv4{.tos = out} / IPv4{.tos = in} / UDP{});
			const Outcome six = through(decap_, Ethernet{} / IPv6{.traffic_class = out} /
								IPv6{.traffic_class = in} / UDP{});
			if (wanted[inner][outer] < 0) {
				EXPECT_TRUE(dropped(four, "bad-ecn")) << inner << outer;
				EXPECT_TRUE(dropped(six, "bad-ecn")) << inner << outer;
				continue;
			}
			EXPECT_EQ(sent(four), Bytes(Ethernet{} / IPv4{.tos = became} / UDP{})) << inner << outer;
			EXPECT_EQ(sent(six), Bytes(Ethernet{} / IPv6{.traffic_class = became} / UDP{}))
			    << inner << outer;
		}
}

TEST_F(Tunnel, WhatIsNoTunnelLeavesAsItCame)
{
	for (const Bytes& frame :
	     {Bytes(Ethernet{} / IPv4{} / UDP{}), Bytes(Ethernet{} / IPv6{} / TCP{}),
	      Bytes(Ethernet{} / IPv4{.more = true} / IPv4{} / Payload::of(4)),
	      Bytes(Ethernet{} / IPv4{.fragment = 3, .proto = std::uint8_t{4}} / Payload::of(40))}) {
		EXPECT_TRUE(left(through(decap_, frame), 1, frame));
		EXPECT_TRUE(dropped(through(load("IPIPDecap", {}, {first_exit_slot, no_slot}), frame), "no-match"));
	}
}

TEST_F(Tunnel, BadInnerPacketsAreDropped)
{
	const Bytes six_as_four = Ethernet{} / IPv4{.proto = std::uint8_t{4}} / IPv6{} / UDP{},
		    four_as_six = Ethernet{} / IPv4{.proto = std::uint8_t{41}} / IPv4{} / UDP{} / Payload::of(20);
	EXPECT_TRUE(dropped(through(decap_, six_as_four), "bad-ip-version"));
	EXPECT_TRUE(dropped(through(decap_, four_as_six), "bad-ip-version"));
	// The inner packet goes on in the padding behind the outer one.
	Bytes beyond = Ethernet{} / IPv4{.length = std::uint16_t{48}} / IPv4{} / UDP{} / Payload::of(4);
	EXPECT_TRUE(dropped(through(decap_, beyond), "bad-ip-length"));
	for (std::uint16_t length = 20; length < 40; length++) {
		beyond = Ethernet{} / IPv4{.length = length} / IPv4{} / UDP{};
		EXPECT_TRUE(dropped(through(decap_, beyond), "truncated")) << length;
	}
}

// The load balancer's way: the tunnel ends where the packet's flow goes.
TEST_F(Tunnel, TheFlowMaySayWhere)
{
	const Object encap = load("IPIPEncap", tunnel(near4, ""));
	const Bytes frame = Ethernet{} / IPv6{} / UDP{};
	Outcome before = checked(frame);
	std::memcpy(before.context.flow.daddr, address(far4).data(), 16);
	EXPECT_EQ(sent(run(encap, before.frame, before.context)),
		  Bytes(Ethernet{} / IPv4{.src = near4, .dst = far4, .id = 0, .dont_fragment = true} / IPv6{} / UDP{}));
	EXPECT_TRUE(dropped(through(encap, frame), "untranslatable")); // to an IPv6 address over IPv4
}

class Gre : public Tunnel {
protected:
	static constexpr std::uint64_t no_key = 1ull << 32;

	Object exit(std::uint64_t key) { return load("GREDecap", Params().set("KEY", key)); }
	// `gre`: its bytes in front of the inner packet.
	static Bytes packet(Bytes gre, const Bytes& inner_frame, bool six = false)
	{
		gre.insert(gre.end(), inner_frame.begin() + 14, inner_frame.end());
		if (six)
			return Ethernet{} / IPv6{.src = near6, .dst = far6, .next = std::uint8_t{47}} / Payload(gre);
		return Ethernet{} /
		       IPv4{.src = near4, .dst = far4, .proto = std::uint8_t{47}, .id = 0, .dont_fragment = true} /
		       Payload(gre);
	}
	const Bytes four = Ethernet{} / IPv4{} / UDP{} / Payload("hello"), six = Ethernet{} / IPv6{} / TCP{};
};

TEST_F(Gre, WithoutAKey)
{
	const Object encap = load("GREEncap", tunnel(near4, far4).set("KEY", no_key));
	const Bytes wanted4 = packet({0, 0, 0x08, 0x00}, four), wanted6 = packet({0, 0, 0x86, 0xdd}, six);
	EXPECT_EQ(sent(through(encap, four)), wanted4);
	EXPECT_EQ(sent(through(encap, six)), wanted6);
	EXPECT_EQ(sent(through(exit(no_key), wanted4)), four);
	EXPECT_EQ(sent(through(exit(no_key), wanted6)), six);
	EXPECT_TRUE(left(through(exit(5), wanted4), 1, wanted4));
}

TEST_F(Gre, WithAKeyOverIPv6)
{
	const Object encap = load("GREEncap", tunnel(near6, far6).set("KEY", std::uint64_t{0x01020304}));
	const Bytes wanted = packet({0x20, 0, 0x08, 0x00, 1, 2, 3, 4}, four, true);
	const Outcome outcome = through(encap, four);
	EXPECT_EQ(without_label(sent(outcome), 14), wanted);
	EXPECT_EQ(outcome.context.flow, flow(near6, 0, far6, 0, 47));
	EXPECT_EQ(sent(through(exit(0x01020304), wanted)), four);
	EXPECT_TRUE(left(through(exit(0x01020305), wanted), 1, wanted));
	EXPECT_TRUE(left(through(exit(no_key), wanted), 1, wanted));
}

TEST_F(Gre, ChecksumAndSequenceNumber)
{
	Bytes gre{0xb0, 0, 0x86, 0xdd, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 77};
	Bytes summed = gre;
	summed.insert(summed.end(), six.begin() + 14, six.end());
	const std::uint16_t sum = nfup::packet::checksum(summed);
	gre[4] = static_cast<std::uint8_t>(sum >> 8);
	gre[5] = static_cast<std::uint8_t>(sum);
	EXPECT_EQ(sent(through(exit(5), packet(gre, six))), six);
	gre[5] ^= 1;
	EXPECT_TRUE(dropped(through(exit(5), packet(gre, six)), "bad-l4-checksum"));
}

TEST_F(Gre, OtherKindsLeaveAsTheyCame)
{
	const Object decap = exit(no_key);
	for (const Bytes& gre : {Bytes{0x40, 0, 8, 0}, Bytes{0x08, 0, 8, 0}, Bytes{0, 1, 8, 0}, Bytes{0, 0, 0x65, 0x58},
				 Bytes{0, 0x80, 8, 0}}) {
		const Bytes frame = packet(gre, four);
		EXPECT_TRUE(left(through(decap, frame), 1, frame));
	}
	EXPECT_TRUE(left(through(decap, four), 1, four));
	for (std::size_t size = 0; size < 4; size++)
		EXPECT_TRUE(dropped(through(decap, Ethernet{} / IPv4{.proto = std::uint8_t{47}} / Payload(Bytes(size))),
				    "truncated"));
	EXPECT_TRUE(dropped(
	    through(decap, Ethernet{} / IPv4{.proto = std::uint8_t{47}} / Payload(Bytes{0x20, 0, 8, 0})), "truncated"));
}

// Every prefix of a good packet, as datagrams that end there.
TEST_F(Gre, CutShortAnywhere)
{
	const Object decap = exit(5);
	const Bytes whole = packet({0x20, 0, 0x08, 0x00, 0, 0, 0, 5}, four);
	for (std::size_t size = 0; size < whole.size() - 34; size++) {
		const Bytes frame = Ethernet{} / IPv4{.proto = std::uint8_t{47}} /
				    Payload(Bytes(whole.begin() + 34, whole.begin() + 34 + static_cast<long>(size)));
		EXPECT_EQ(through(decap, frame).verdict, static_cast<unsigned>(XDP_DROP)) << size;
	}
}

} // namespace
} // namespace nfup::test
