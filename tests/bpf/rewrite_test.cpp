// SPDX-License-Identifier: BSD-2-Clause
// EtherRewrite, SetIPDSCP: what they change, and that nothing else changes.
#include <arpa/inet.h>

#include "harness.h"

namespace nfup::test {
namespace {

class Rewrite : public NodeTest {
protected:
	const Mac src{2, 0xa, 0, 0, 1, 1}, dst{2, 0xb, 0, 0, 1, 2};

	static pkt at_ip(unsigned l3, std::uint16_t ethertype)
	{
		pkt context{};
		context.l3 = static_cast<__u16>(l3);
		context.ethertype = htons(ethertype);
		return context;
	}
};

TEST_F(Rewrite, EtherRewriteSetsBothAddresses)
{
	auto node = load("EtherRewrite", Params().set("SRC", src).set("DST", dst));
	const Bytes plain = Ethernet{} / IPv4{} / UDP{} / Payload("hello"),
		    tagged = Ethernet{} / Vlan{.id = 7} / IPv6{} / TCP{};

	EXPECT_EQ(run(node, plain).frame, Bytes(Ethernet{dst, src} / IPv4{} / UDP{} / Payload("hello")));
	EXPECT_EQ(run(node, tagged).frame, Bytes(Ethernet{dst, src} / Vlan{.id = 7} / IPv6{} / TCP{}));
	EXPECT_EQ(run(node, plain).output, 0);
}

TEST_F(Rewrite, EtherRewriteLooksWhereTheFrameThatIsSentStarts)
{
	auto node = load("EtherRewrite", Params().set("SRC", src).set("DST", dst));
	const Bytes inner = Ethernet{} / IPv4{} / UDP{}, outer = Ethernet{} / Payload(inner);
	pkt context{};
	context.l2 = 14;
	context.cursor = 3; // of no concern

	EXPECT_EQ(run(node, outer, context).frame, Bytes(Ethernet{} / Payload(Ethernet{dst, src} / IPv4{} / UDP{})));
}

TEST_F(Rewrite, EtherRewriteDropsWhatHasNoHeader)
{
	auto node = load("EtherRewrite", Params().set("SRC", src).set("DST", dst));
	const Bytes frame = Ethernet{} / Payload::of(20);
	pkt context{};

	for (context.l2 = 0; context.l2 <= frame.size(); context.l2++) {
		if (context.l2 + 14u <= frame.size())
			EXPECT_EQ(run(node, frame, context).output, 0) << context.l2;
		else
			EXPECT_TRUE(dropped(run(node, frame, context), "truncated")) << context.l2;
	}
}

// Every value over every other, for both families: the header that results is
// the one a sender would have made, ECN and all.
TEST_F(Rewrite, SetIPDSCPSetsSixBits)
{
	for (unsigned dscp : {0u, 1u, 46u, 63u}) {
		auto node = load("SetIPDSCP", Params().set("DSCP", static_cast<std::uint8_t>(dscp)));
		for (unsigned tos = 0; tos < 256; tos++) {
			const unsigned want = dscp << 2 | (tos & 3);
			const Bytes v4 = Ethernet{} / IPv4{.tos = static_cast<std::uint8_t>(tos)} / UDP{},
				    v6 = Ethernet{} / IPv6{.traffic_class = static_cast<std::uint8_t>(tos)} / UDP{};
			auto outcome = run(node, v4, at_ip(14, 0x0800));
			EXPECT_EQ(outcome.output, 0);
			EXPECT_EQ(outcome.frame,
				  Bytes(Ethernet{} / IPv4{.tos = static_cast<std::uint8_t>(want)} / UDP{}))
			    << tos << " to DSCP " << dscp;
			EXPECT_EQ(run(node, v6, at_ip(14, 0x86dd)).frame,
				  Bytes(Ethernet{} / IPv6{.traffic_class = static_cast<std::uint8_t>(want)} / UDP{}))
			    << tos << " to DSCP " << dscp;
		}
	}
}

// RFC 1624 is about the sums where updating by eq. 2 ends in the other zero.
TEST_F(Rewrite, SetIPDSCPUpdatesEveryChecksum)
{
	auto node = load("SetIPDSCP", Params().set("DSCP", std::uint8_t{46}));
	for (unsigned low = 0; low < 65536; low += 7) {
		const std::string address = "10.1." + std::to_string(low >> 8) + "." + std::to_string(low & 0xff);
		const Bytes frame = Ethernet{} / IPv4{.src = address, .tos = 1} / UDP{},
			    want = Ethernet{} / IPv4{.src = address, .tos = 46 << 2 | 1} / UDP{};
		ASSERT_EQ(run(node, frame, at_ip(14, 0x0800)).frame, want) << address;
	}
}

TEST_F(Rewrite, SetIPDSCPKeepsAWrongChecksumWrong)
{
	auto node = load("SetIPDSCP", Params().set("DSCP", std::uint8_t{46}));
	const Bytes frame = Ethernet{} / IPv4{.checksum = std::uint16_t{0x1234}} / UDP{};
	const Bytes changed = run(node, frame, at_ip(14, 0x0800)).frame;
	EXPECT_NE(ones_sum(Bytes(changed.begin() + 14, changed.begin() + 34)), 0xffff);
}

TEST_F(Rewrite, SetIPDSCPKeepsTheFlowLabel)
{
	auto node = load("SetIPDSCP", Params().set("DSCP", std::uint8_t{63}));
	Bytes frame = Ethernet{} / IPv6{} / UDP{};
	frame[15] = 0x1f;
	frame[16] = frame[17] = 0xff;
	Bytes want = frame;
	want[14] = 0x6f;
	want[15] = 0xdf; // ECN 01 was there
	EXPECT_EQ(run(node, frame, at_ip(14, 0x86dd)).frame, want);
}

TEST_F(Rewrite, SetIPDSCPBehindTags)
{
	auto node = load("SetIPDSCP", Params().set("DSCP", std::uint8_t{10}));
	const Bytes frame = Ethernet{} / Vlan{.tpid = 0x88a8} / Vlan{} / IPv4{} / UDP{};
	EXPECT_EQ(run(node, frame, at_ip(22, 0x0800)).frame,
		  Bytes(Ethernet{} / Vlan{.tpid = 0x88a8} / Vlan{} / IPv4{.tos = 10 << 2} / UDP{}));
}

TEST_F(Rewrite, SetIPDSCPDropsWhatIsTooShort)
{
	auto node = load("SetIPDSCP", Params().set("DSCP", std::uint8_t{10}));
	const Bytes v4 = Ethernet{} / IPv4{} / UDP{};
	for (std::size_t size = 14; size <= v4.size(); size++) {
		const Bytes prefix(v4.begin(), v4.begin() + static_cast<long>(size));
		auto outcome = run(node, prefix, at_ip(14, 0x0800));
		if (size < 34)
			EXPECT_TRUE(dropped(outcome, "truncated")) << size;
		else
			EXPECT_EQ(outcome.output, 0) << size;
	}
}

} // namespace
} // namespace nfup::test
