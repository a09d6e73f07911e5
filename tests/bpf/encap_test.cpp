// SPDX-License-Identifier: BSD-2-Clause
// EtherMirror, EtherEncap, HostEtherFilter, VLANEncap, VLANDecap, Unstrip: the frame that
// would be sent, byte for byte.
#include <linux/bpf.h>

#include "harness.h"

namespace nfup::test {
namespace {

class Encap : public NodeTest {
protected:
	const Mac src{2, 0xa, 0, 0, 1, 1}, dst{2, 0xb, 0, 0, 1, 2};

	// What ToDevice would send.
	static Bytes sent(const Outcome& outcome)
	{
		return {outcome.frame.begin() + outcome.context.l2, outcome.frame.end()};
	}
	static pkt at_cursor(unsigned cursor, unsigned l2 = 0)
	{
		pkt context{};
		context.cursor = static_cast<__u16>(cursor);
		context.l2 = static_cast<__u16>(l2);
		return context;
	}
	// The node answers every frame that is too short with `truncated`.
	void expect_truncated_below(const Object& node, std::size_t size)
	{
		const Bytes frame(size + 20, 0xff);
		for (pkt context{}; context.l2 <= frame.size(); context.l2++) {
			context.cursor = context.l2;
			auto outcome = run(node, frame, context);
			if (context.l2 + size <= frame.size())
				EXPECT_EQ(outcome.output, 0) << context.l2;
			else
				EXPECT_TRUE(dropped(outcome, "truncated")) << context.l2;
		}
	}
};

TEST_F(Encap, EtherMirrorSwapsTheAddresses)
{
	auto node = load("EtherMirror");
	auto outcome = run(node, Ethernet{dst, src} / Vlan{} / IPv6{} / UDP{});
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(outcome.frame, Bytes(Ethernet{src, dst} / Vlan{} / IPv6{} / UDP{}));
	expect_truncated_below(node, 14);
}

TEST_F(Encap, EtherEncapStandsInForWhatWasStripped)
{
	auto node =
	    load("EtherEncap", Params().set("ETHERTYPE", std::uint16_t{0x0800}).set("SRC", src).set("DST", dst));
	const Bytes frame = Ethernet{} / IPv4{} / UDP{} / Payload("hello"),
		    wanted = Ethernet{dst, src} / IPv4{} / UDP{} / Payload("hello");
	auto outcome = run(node, frame, at_cursor(14));
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(sent(outcome), wanted);
	EXPECT_EQ(outcome.context.cursor, outcome.context.l2);
	// More was stripped than the header takes: the rest is left behind.
	const Bytes tagged = Ethernet{} / Vlan{} / IPv4{} / UDP{} / Payload("hello");
	EXPECT_EQ(sent(run(node, tagged, at_cursor(18))), wanted);
}

TEST_F(Encap, EtherEncapMakesRoom)
{
	auto node =
	    load("EtherEncap", Params().set("ETHERTYPE", std::uint16_t{0x86dd}).set("SRC", src).set("DST", dst));
	const Bytes frame = Ethernet{} / IPv6{} / TCP{} / Payload("x"), packet(frame.begin() + 14, frame.end());
	pkt context = at_cursor(0);
	context.l3 = 0;
	context.l4 = 40;
	context.payload = 60;
	auto outcome = run(node, packet, context);
	EXPECT_EQ(sent(outcome), Bytes(Ethernet{dst, src} / IPv6{} / TCP{} / Payload("x")));
	EXPECT_EQ(outcome.context.l3, 14);
	EXPECT_EQ(outcome.context.l4, 54);
	EXPECT_EQ(outcome.context.payload, 74);
	EXPECT_EQ(outcome.context.cursor, 0);
	// A header partly there is not enough.
	EXPECT_EQ(sent(run(node, packet, at_cursor(3))).size(), packet.size() - 3 + 14);
}

TEST_F(Encap, HostEtherFilterKnowsItsHost)
{
	const Mac broadcast{255, 255, 255, 255, 255, 255}, multicast{0x33, 0x33, 0, 0, 0, 1};
	for (const bool drop_own : {false, true}) {
		auto node = load("HostEtherFilter", Params().set("ETHER", dst).set("DROP_OWN", std::uint8_t{drop_own}),
				 {first_exit_slot, no_slot});
		for (const Mac& to : {dst, broadcast, multicast})
			EXPECT_EQ(run(node, Ethernet{to, src} / IPv4{} / UDP{}).output, 0);
		for (std::size_t i = 0; i < dst.size(); i++) {
			Mac other = dst;
			other[i] = static_cast<std::uint8_t>(other[i] ^ 2);
			EXPECT_TRUE(dropped(run(node, Ethernet{other, src} / IPv4{} / UDP{}), "other-host")) << i;
		}
		auto own = run(node, Ethernet{broadcast, dst} / IPv4{} / UDP{});
		if (drop_own)
			EXPECT_TRUE(dropped(own, "other-host"));
		else
			EXPECT_EQ(own.output, 0);
	}
	EXPECT_EQ(run(load("HostEtherFilter", Params().set("ETHER", dst)), Ethernet{src, dst} / IPv4{} / UDP{}).output,
		  1);
	expect_truncated_below(load("HostEtherFilter", Params().set("ETHER", Mac{4, 5, 6, 7, 8, 9})), 14);
}

TEST_F(Encap, VLANEncapTagsWhatIsSent)
{
	auto node = load("VLANEncap", Params()
					  .set("VLAN_ID", std::uint16_t{7})
					  .set("VLAN_PCP", std::uint8_t{5})
					  .set("ETHERTYPE", std::uint16_t{0x8100}));
	const Bytes frame = Ethernet{dst, src} / IPv4{} / UDP{} / Payload("hello"),
		    wanted = Ethernet{dst, src} / Vlan{.id = 7, .priority = 5} / IPv4{} / UDP{} / Payload("hello");
	auto outcome = run(node, frame);
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(sent(outcome), wanted);
	EXPECT_EQ(outcome.context.cursor, outcome.context.l2);

	pkt context = at_cursor(14); // behind Strip and CheckIPHeader
	context.l3 = 14;
	context.l4 = 34;
	outcome = run(node, frame, context);
	EXPECT_EQ(sent(outcome), wanted);
	EXPECT_EQ(outcome.context.l3, 18);
	EXPECT_EQ(outcome.context.l4, 38);
	EXPECT_EQ(outcome.context.cursor, 18);

	auto outer =
	    load("VLANEncap", Params().set("VLAN_ID", std::uint16_t{100}).set("ETHERTYPE", std::uint16_t{0x88a8}));
	EXPECT_EQ(sent(run(outer, wanted)), Bytes(Ethernet{dst, src} / Vlan{.id = 100, .tpid = 0x88a8} /
						  Vlan{.id = 7, .priority = 5} / IPv4{} / UDP{} / Payload("hello")));
}

TEST_F(Encap, VLANDecapTakesTheOutermostTag)
{
	auto node = load("VLANDecap");
	const Bytes plain = Ethernet{dst, src} / IPv6{} / UDP{} / Payload("hello"),
		    tagged = Ethernet{dst, src} / Vlan{.id = 7} / IPv6{} / UDP{} / Payload("hello"),
		    twice = Ethernet{dst, src} / Vlan{.id = 100, .tpid = 0x88a8} / Vlan{.id = 7} / IPv6{} / UDP{} /
			    Payload("hello");
	EXPECT_EQ(sent(run(node, tagged)), plain);
	EXPECT_EQ(sent(run(node, twice)), tagged);
	EXPECT_TRUE(left(run(node, plain), 0, plain));
	EXPECT_EQ(run(node, tagged).context.cursor, 4);
	EXPECT_EQ(run(node, tagged, at_cursor(18)).context.cursor, 18);
	expect_truncated_below(node, 14);
	for (std::size_t size = 14; size < 18; size++)
		EXPECT_TRUE(
		    dropped(run(node, Bytes(tagged.begin(), tagged.begin() + static_cast<long>(size))), "truncated"));
}

TEST_F(Encap, ATagThatWasTakenOutLeavesRoomForAnother)
{
	auto decap = load("VLANDecap");
	auto encap =
	    load("VLANEncap", Params().set("VLAN_ID", std::uint16_t{9}).set("ETHERTYPE", std::uint16_t{0x8100}));
	const Bytes tagged = Ethernet{dst, src} / Vlan{.id = 7} / IPv4{} / UDP{};
	const Outcome between = run(decap, tagged);
	const Outcome outcome = run(encap, between.frame, between.context);
	EXPECT_EQ(outcome.context.l2, 0);
	EXPECT_EQ(outcome.frame, Bytes(Ethernet{dst, src} / Vlan{.id = 9} / IPv4{} / UDP{}));
}

// The kernel keeps some of the headroom of 256 bytes for itself: 14 bytes at a time fit in
// more than ten times, but not thirty.
TEST_F(Encap, WithoutRoomThePacketIsDropped)
{
	constexpr unsigned nodes = 30, first_slot = 40;
	std::vector<Object> chain(nodes);
	for (unsigned i = nodes; i-- > 0;) {
		chain[i] =
		    load("EtherEncap", Params().set("ETHERTYPE", std::uint16_t{0x0800}).set("SRC", src).set("DST", dst),
			 {i + 1 < nodes ? first_slot + i + 1 : first_exit_slot});
		put(first_slot + i, chain[i].program);
	}
	EXPECT_EQ(run(chain[0], Ethernet{} / IPv4{} / UDP{}).verdict, static_cast<unsigned>(XDP_DROP));
	std::uint64_t without_room = 0;
	for (const Object& node : chain)
		without_room += drops(node)["headroom"];
	EXPECT_EQ(packets(chain[10]), 1u);
	EXPECT_EQ(without_room, 1u);
}

TEST_F(Encap, UnstripGoesBackToTheStartOfTheFrameAtMost)
{
	auto node = load("Unstrip", Params().set("LENGTH", 14u));
	const Bytes frame = Ethernet{} / IPv4{} / UDP{};
	EXPECT_EQ(run(node, frame, at_cursor(14)).context.cursor, 0);
	EXPECT_EQ(run(node, frame, at_cursor(20)).context.cursor, 6);
	EXPECT_TRUE(dropped(run(node, frame, at_cursor(13)), "headroom"));
	EXPECT_EQ(run(node, frame, at_cursor(18, 4)).context.cursor, 4);
	EXPECT_TRUE(dropped(run(node, frame, at_cursor(17, 4)), "headroom"));
}

} // namespace
} // namespace nfup::test
