// SPDX-License-Identifier: BSD-2-Clause
#include <linux/bpf.h>

#include "flow.h"
#include "harness.h"

namespace nfup::test {
namespace {

class CheckIP : public NodeTest {
protected:
	// the node with its "bad" output open: bad packets are dropped with their reason
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		node_ = load("CheckIPHeader", Params().set("CHECKSUM", std::uint8_t{1}), {first_exit_slot, no_slot});
		behind_.cursor = 14;
		// what an earlier packet left behind must not shine through
		std::memset(&behind_.flow, 0xee, sizeof behind_.flow);
		behind_.flags = 0xff;
	}
	Outcome check(const Bytes& frame) { return run(node_, frame, behind_); }

	Object node_;
	pkt behind_{};
};

TEST_F(CheckIP, FillsTheContext)
{
	Bytes frame = Ethernet{} / IPv4{} / TCP{.sport = 4000, .dport = 80} / Payload::of(100);
	auto outcome = check(frame);
	ASSERT_TRUE(left(outcome, 0, frame));
	const pkt& p = outcome.context;
	EXPECT_EQ(p.cursor, 14);
	EXPECT_EQ(p.l2, 0);
	EXPECT_EQ(p.l3, 14);
	EXPECT_EQ(p.l4, 34);
	EXPECT_EQ(p.l3_len, 140);
	EXPECT_EQ(p.ethertype, htons(0x0800));
	EXPECT_EQ(p.ip_proto, 6);
	EXPECT_EQ(p.flags, PKT_HAS_PORTS);
	EXPECT_EQ(p.flow, flow("10.0.0.1", 4000, "10.0.0.2", 80, 6));
}

TEST_F(CheckIP, PortsOfEachProtocol)
{
	for (std::uint8_t proto : Bytes{6, 17, 132, 136}) {
		Bytes frame = Ethernet{} / IPv4{.proto = proto} / Payload(Bytes{0x12, 0x34, 0, 80, 0, 0, 0, 0, 0, 0});
		auto outcome = check(frame);
		EXPECT_TRUE(left(outcome, 0, frame));
		EXPECT_EQ(outcome.context.flow, flow("10.0.0.1", 0x1234, "10.0.0.2", 80, proto));
		EXPECT_EQ(outcome.context.flags, PKT_HAS_PORTS);
	}
	Bytes gre = Ethernet{} / IPv4{.proto = std::uint8_t{47}} / Payload::of(10);
	auto outcome = check(gre);
	EXPECT_TRUE(left(outcome, 0, gre));
	EXPECT_EQ(outcome.context.flow, flow("10.0.0.1", 0, "10.0.0.2", 0, 47));
	EXPECT_EQ(outcome.context.flags, 0);
}

TEST_F(CheckIP, EchoIdentifierIsBothPorts)
{
	for (std::uint8_t type : Bytes{0, 8, 13, 14, 15, 16, 17, 18}) { // and of the other queries
		auto outcome = check(Ethernet{} / IPv4{} / ICMP{.type = type, .id = 77});
		EXPECT_EQ(outcome.context.flow, flow("10.0.0.1", 77, "10.0.0.2", 77, 1));
		EXPECT_EQ(outcome.context.flags, PKT_HAS_ID);
	}
	auto unreachable = check(Ethernet{} / IPv4{} / ICMP{.type = 3, .id = 77});
	EXPECT_EQ(unreachable.context.flow, flow("10.0.0.1", 0, "10.0.0.2", 0, 1));
}

TEST_F(CheckIP, TransportHeaderTooShortForPortsIsNotItsBusiness)
{
	for (std::size_t size = 0; size < 4; size++) {
		// Ethernet padding follows: it must not be taken for ports
		Bytes frame = Ethernet{} /
			      IPv4{.length = static_cast<std::uint16_t>(20 + size), .proto = std::uint8_t{17}} /
			      Payload::of(26);
		auto outcome = check(frame);
		EXPECT_TRUE(left(outcome, 0, frame)) << size;
		EXPECT_EQ(outcome.context.flow, flow("10.0.0.1", 0, "10.0.0.2", 0, 17));
		EXPECT_EQ(outcome.context.flags, 0);
	}
}

TEST_F(CheckIP, EthernetPaddingIsNormal)
{
	Bytes frame = Ethernet{} / IPv4{.length = std::uint16_t{28}} / UDP{} / Payload(Bytes(18));
	auto outcome = check(frame);
	EXPECT_TRUE(left(outcome, 0, frame));
	EXPECT_EQ(outcome.context.l3_len, 28);
}

TEST_F(CheckIP, OptionsOfEveryLength)
{
	for (std::size_t words = 0; words <= 10; words++) {
		Bytes options(words * 4, 1); // no-operation
		Bytes frame = Ethernet{} / IPv4{.options = options} / UDP{.sport = 9, .dport = 53};
		auto outcome = check(frame);
		ASSERT_TRUE(left(outcome, 0, frame)) << words;
		EXPECT_EQ(outcome.context.l4, 34 + words * 4);
		EXPECT_EQ(outcome.context.flow, flow("10.0.0.1", 9, "10.0.0.2", 53, 17));
		// each byte is under the checksum
		for (std::size_t i = 0; i < options.size(); i++) {
			Bytes changed = frame;
			changed[34 + i] ^= 0x10;
			EXPECT_TRUE(dropped(check(changed), "bad-ip-checksum")) << words << " byte " << i;
		}
	}
}

TEST_F(CheckIP, EveryBitOfTheHeaderIsChecked)
{
	Bytes frame = Ethernet{} / IPv4{} / UDP{};
	for (std::size_t bit = 0; bit < 160; bit++) {
		Bytes changed = frame;
		changed[14 + bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
		EXPECT_EQ(check(changed).verdict, XDP_DROP) << "bit " << bit;
	}
}

TEST_F(CheckIP, EveryPrefixIsRefused)
{
	for (const Bytes& frame : {Bytes(Ethernet{} / IPv4{} / TCP{} / Payload::of(7)),
				   Bytes(Ethernet{} / IPv4{.options = Bytes(40, 1)} / UDP{} / Payload::of(3))}) {
		for (std::size_t size = 14; size < frame.size(); size++) {
			Bytes prefix(frame.begin(), frame.begin() + static_cast<long>(size));
			EXPECT_TRUE(dropped(check(prefix), size < 34 ? "truncated" : "bad-ip-length")) << size;
		}
	}
}

TEST_F(CheckIP, BadVersionAndLengths)
{
	for (std::uint8_t version = 0; version < 16; version++) {
		if (version != 4) {
			EXPECT_TRUE(dropped(check(Ethernet{} / IPv4{.version = version} / UDP{}), "bad-ip-version"));
		}
	}
	for (std::uint8_t ihl = 0; ihl < 5; ihl++)
		EXPECT_TRUE(dropped(check(Ethernet{} / IPv4{.ihl = ihl} / UDP{}), "bad-ip-length"));
	for (std::uint16_t length : std::initializer_list<std::uint16_t>{0, 19, 29, 1500, 65535})
		EXPECT_TRUE(dropped(check(Ethernet{} / IPv4{.length = length} / UDP{}), "bad-ip-length")) << length;
	// a header longer than its datagram
	EXPECT_TRUE(dropped(check(Ethernet{} / IPv4{.ihl = std::uint8_t{8}} / UDP{}), "bad-ip-length"));
}

TEST_F(CheckIP, BadSources)
{
	for (const char* address : {"0.0.0.0", "255.255.255.255"})
		EXPECT_TRUE(dropped(check(Ethernet{} / IPv4{.src = address} / UDP{}), "bad-source")) << address;
	Bytes broadcast = Ethernet{} / IPv4{.dst = "255.255.255.255"} / UDP{};
	EXPECT_TRUE(left(check(broadcast), 0, broadcast));
}

TEST_F(CheckIP, Fragments)
{
	Bytes first = Ethernet{} / IPv4{.more = true} / UDP{} / Payload::of(16);
	auto outcome = check(first);
	EXPECT_TRUE(left(outcome, 0, first));
	EXPECT_EQ(outcome.context.flags, PKT_FRAGMENT | PKT_HAS_PORTS);
	EXPECT_EQ(outcome.context.flow, flow("10.0.0.1", 1000, "10.0.0.2", 53, 17));

	for (bool more : {false, true}) {
		Bytes later =
		    Ethernet{} / IPv4{.fragment = 3, .more = more, .proto = std::uint8_t{17}} / Payload::of(16);
		outcome = check(later);
		EXPECT_TRUE(left(outcome, 0, later));
		EXPECT_EQ(outcome.context.flags, PKT_FRAGMENT | PKT_LATER_FRAGMENT);
		EXPECT_EQ(outcome.context.flow, flow("10.0.0.1", 0, "10.0.0.2", 0, 17));
	}
}

TEST_F(CheckIP, FragmentsThatHideTheTcpHeader)
{
	// RFC 1858: the second part begins inside the header
	EXPECT_TRUE(dropped(check(Ethernet{} / IPv4{.fragment = 1, .proto = std::uint8_t{6}} / Payload::of(32)),
			    "bad-fragment"));
	// RFC 3128: the first part ends before the flags
	for (std::size_t size : {8u, 15u})
		EXPECT_TRUE(
		    dropped(check(Ethernet{} / IPv4{.more = true, .proto = std::uint8_t{6}} / Payload::of(size)),
			    "bad-fragment"));
	Bytes enough = Ethernet{} / IPv4{.more = true, .proto = std::uint8_t{6}} / Payload::of(16);
	EXPECT_TRUE(left(check(enough), 0, enough));
	Bytes udp = Ethernet{} / IPv4{.fragment = 1, .proto = std::uint8_t{17}} / Payload::of(32);
	EXPECT_TRUE(left(check(udp), 0, udp));
}

TEST_F(CheckIP, FragmentBeyondTheLargestDatagram)
{
	Bytes last = Ethernet{} / IPv4{.fragment = 8191, .proto = std::uint8_t{17}} / Payload::of(7);
	EXPECT_TRUE(left(check(last), 0, last));
	EXPECT_TRUE(dropped(check(Ethernet{} / IPv4{.fragment = 8191, .proto = std::uint8_t{17}} / Payload::of(8)),
			    "bad-fragment"));
}

TEST_F(CheckIP, BadPacketsLeaveByOutputOneWhenConnected)
{
	auto node = load("CheckIPHeader", Params().set("CHECKSUM", std::uint8_t{1}));
	for (const Bytes& frame :
	     {Bytes(Ethernet{} / Payload::of(10)), Bytes(Ethernet{} / IPv6{} / UDP{}),
	      Bytes(Ethernet{} / IPv4{.length = std::uint16_t{9999}}),
	      Bytes(Ethernet{} / IPv4{.checksum = std::uint16_t{1}}), Bytes(Ethernet{} / IPv4{.src = "0.0.0.0"})})
		EXPECT_TRUE(left(run(node, frame, behind_), 1, frame));
}

TEST_F(CheckIP, ChecksumOff)
{
	auto node = load("CheckIPHeader", Params().set("CHECKSUM", std::uint8_t{0}));
	Bytes frame = Ethernet{} / IPv4{.checksum = std::uint16_t{1}} / UDP{};
	EXPECT_TRUE(left(run(node, frame, behind_), 0, frame));
}

TEST_F(CheckIP, Offset)
{
	auto node = load("CheckIPHeader", Params().set("CHECKSUM", std::uint8_t{1}).set("OFFSET", 14u));
	Bytes frame = Ethernet{} / IPv4{} / UDP{};
	auto outcome = run(node, frame);
	EXPECT_TRUE(left(outcome, 0, frame));
	EXPECT_EQ(outcome.context.cursor, 0);
	EXPECT_EQ(outcome.context.l3, 14);
	EXPECT_EQ(outcome.context.l4, 34);
}

} // namespace
} // namespace nfup::test
