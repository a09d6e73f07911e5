// SPDX-License-Identifier: BSD-2-Clause
#include <linux/bpf.h>

#include "harness.h"

namespace nfup::test {
namespace {

class CheckTCP : public NodeTest {
protected:
	// Runs it behind the IP check that it needs.
	struct Chain {
		Object tcp, ip;
	};
	Chain chain(bool six, bool checksum, std::vector<unsigned> out)
	{
		unsigned slot = next_slot_++;
		Chain c;
		c.tcp = load("CheckTCPHeader", Params().set("CHECKSUM", std::uint8_t{checksum}), std::move(out));
		put(slot, c.tcp.program);
		c.ip = load(six ? "CheckIP6Header" : "CheckIPHeader", {}, {slot, first_exit_slot + 31});
		return c;
	}
	Chain strict(bool six = false) { return chain(six, true, {first_exit_slot, no_slot}); }

	// The outcome as seen by CheckTCPHeader.
	Outcome check(const Chain& c, const Bytes& frame)
	{
		pkt context{};
		context.cursor = 14;
		Outcome outcome = run(c.ip, frame, context);
		if (outcome.verdict == XDP_DROP && outcome.drops.empty())
			outcome.drops = drops_of(c.tcp);
		else
			drops_of(c.tcp);
		return outcome;
	}

private:
	// What it dropped since the last time.
	std::map<std::string, std::uint64_t> drops_of(const Object& node)
	{
		std::map<std::string, std::uint64_t> news;
		auto& seen = seen_[node.node];
		for (const auto& [reason, count] : drops(node))
			if (count != seen[reason])
				news[reason] = count - std::exchange(seen[reason], count);
		return news;
	}
	std::map<unsigned, std::map<std::string, std::uint64_t>> seen_;
	unsigned next_slot_ = 50;
};

TEST_F(CheckTCP, FillsTheContext)
{
	auto c = strict();
	Bytes frame = Ethernet{} / IPv4{} / TCP{.flags = PSH | ACK} / Payload::of(10);
	auto outcome = check(c, frame);
	ASSERT_TRUE(left(outcome, 0, frame));
	EXPECT_EQ(outcome.context.payload, 54);
	EXPECT_EQ(outcome.context.tcp_flags, PSH | ACK);
	EXPECT_EQ(outcome.context.cursor, 14);
}

TEST_F(CheckTCP, Options)
{
	auto c = strict();
	for (std::size_t words = 0; words <= 10; words++) {
		Bytes frame = Ethernet{} / IPv4{} / TCP{.options = Bytes(words * 4, 1)} / Payload("x");
		auto outcome = check(c, frame);
		EXPECT_TRUE(left(outcome, 0, frame)) << words;
		EXPECT_EQ(outcome.context.payload, 54 + words * 4);
	}
}

TEST_F(CheckTCP, ChecksumAtEveryLength)
{
	auto four = strict(), six = strict(true);
	for (std::size_t size = 0; size <= 1460; size += size < 600 ? 1 : 37) {
		Bytes frame = Ethernet{} / IPv4{} / TCP{} / Payload::of(size);
		ASSERT_TRUE(left(check(four, frame), 0, frame)) << size;
		Bytes frame6 = Ethernet{} / IPv6{} / TCP{} / Payload::of(size);
		ASSERT_TRUE(left(check(six, frame6), 0, frame6)) << size;
		if (size) {
			frame.back() ^= 1;
			ASSERT_TRUE(dropped(check(four, frame), "bad-l4-checksum")) << size;
			frame6.back() ^= 1;
			ASSERT_TRUE(dropped(check(six, frame6), "bad-l4-checksum")) << size;
		}
	}
}

TEST_F(CheckTCP, EveryByteIsUnderTheChecksum)
{
	auto c = strict();
	Bytes frame = Ethernet{} / IPv4{} / TCP{.options = Bytes(8, 1)} / Payload::of(1001);
	for (std::size_t i = 34; i < frame.size(); i++) {
		Bytes changed = frame;
		changed[i] ^= 0x04;
		EXPECT_EQ(check(c, changed).verdict, XDP_DROP) << i;
	}
}

TEST_F(CheckTCP, PseudoHeaderIsUnderTheChecksum)
{
	Bytes frame = Ethernet{} / IPv4{.src = "10.0.0.9"} / TCP{}, other = Ethernet{} / IPv4{} / TCP{};
	std::copy(frame.begin() + 34, frame.end(), other.begin() + 34);
	EXPECT_TRUE(dropped(check(strict(), other), "bad-l4-checksum"));

	Bytes six = Ethernet{} / IPv6{.dst = "2001:db8::9"} / TCP{}, other6 = Ethernet{} / IPv6{} / TCP{};
	std::copy(six.begin() + 54, six.end(), other6.begin() + 54);
	EXPECT_TRUE(dropped(check(strict(true), other6), "bad-l4-checksum"));
}

TEST_F(CheckTCP, EthernetPaddingIsNot)
{
	Bytes frame = Ethernet{} / IPv4{} / TCP{};
	frame.resize(60, 0x55);
	EXPECT_TRUE(left(check(strict(), frame), 0, frame));
}

TEST_F(CheckTCP, ChecksumBehindExtensionHeaders)
{
	Bytes frame = Ethernet{} / IPv6{} / Extension{} / Extension{} / TCP{} / Payload("abc");
	auto outcome = check(strict(true), frame);
	EXPECT_TRUE(left(outcome, 0, frame));
	EXPECT_EQ(outcome.context.payload, 90);
}

TEST_F(CheckTCP, ChecksumOff)
{
	auto c = chain(false, false, {first_exit_slot, no_slot});
	Bytes frame = Ethernet{} / IPv4{} / TCP{.checksum = std::uint16_t{1}};
	EXPECT_TRUE(left(check(c, frame), 0, frame));
}

TEST_F(CheckTCP, FlagCombinations)
{
	auto c = chain(false, false, {first_exit_slot, no_slot});
	const std::vector<unsigned> sent{SYN,       SYN | URG, SYN | ACK,       RST,      RST | ACK,
					 FIN | ACK, ACK,       FIN | ACK | URG, ACK | URG};
	for (unsigned flags = 0; flags < 256; flags++) {
		Bytes frame = Ethernet{} / IPv4{} / TCP{.flags = flags};
		unsigned core = flags & (FIN | SYN | RST | ACK | URG);
		if (std::find(sent.begin(), sent.end(), core) != sent.end())
			EXPECT_TRUE(left(check(c, frame), 0, frame)) << flags;
		else
			EXPECT_TRUE(dropped(check(c, frame), "bad-tcp-flags")) << flags;
	}
}

TEST_F(CheckTCP, BadLengths)
{
	auto c = strict();
	for (std::uint8_t words = 0; words < 5; words++)
		EXPECT_TRUE(dropped(check(c, Ethernet{} / IPv4{} / TCP{.data_offset = words}), "bad-l4-length"));
	EXPECT_TRUE(dropped(check(c, Ethernet{} / IPv4{} / TCP{.data_offset = std::uint8_t{6}}), "bad-l4-length"));
	// the datagram ends inside the header, the frame does not
	for (std::uint16_t size = 0; size < 20; size++) {
		Bytes frame = Ethernet{} / IPv4{.length = static_cast<std::uint16_t>(20 + size)} / TCP{};
		EXPECT_TRUE(dropped(check(c, frame), "truncated")) << size;
	}
}

TEST_F(CheckTCP, OtherProtocols)
{
	auto c = strict();
	EXPECT_TRUE(dropped(check(c, Ethernet{} / IPv4{} / UDP{}), "not-tcp"));
	EXPECT_TRUE(dropped(check(c, Ethernet{} / IPv4{} / ICMP{}), "not-tcp"));
}

TEST_F(CheckTCP, Fragments)
{
	auto c = strict();
	// the sum covers bytes that are not here
	Bytes first = Ethernet{} / IPv4{.more = true} / TCP{.checksum = std::uint16_t{1}} / Payload::of(12);
	EXPECT_TRUE(left(check(c, first), 0, first));
	Bytes later = Ethernet{} / IPv4{.fragment = 4, .proto = std::uint8_t{6}} / Payload::of(40);
	EXPECT_TRUE(dropped(check(c, later), "not-tcp"));
}

TEST_F(CheckTCP, BadPacketsLeaveByOutputOneWhenConnected)
{
	auto c = chain(false, true, {});
	for (const Bytes& frame : {Bytes(Ethernet{} / IPv4{} / UDP{}), Bytes(Ethernet{} / IPv4{} / TCP{.flags = 0}),
				   Bytes(Ethernet{} / IPv4{} / TCP{.checksum = std::uint16_t{1}}),
				   Bytes(Ethernet{} / IPv4{} / TCP{.data_offset = std::uint8_t{15}})})
		EXPECT_TRUE(left(check(c, frame), 1, frame));
}

} // namespace
} // namespace nfup::test
