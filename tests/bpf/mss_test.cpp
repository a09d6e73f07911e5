// SPDX-License-Identifier: BSD-2-Clause
// ClampTCPMSS: the frame that results is the one a sender on the narrow link would have
// made, checksum included, wherever the option stands.
#include "harness.h"

namespace nfup::test {
namespace {

class Mss : public NodeTest {
protected:
	Outcome clamp(unsigned mtu, const Bytes& frame, bool six = false)
	{
		pkt context{};
		context.cursor = 14;
		const Outcome ip = run(load(six ? "CheckIP6Header" : "CheckIPHeader"), frame, context);
		EXPECT_EQ(ip.output, 0);
		return run(load("ClampTCPMSS", Params().set("MTU", mtu)), frame, ip.context);
	}
	// Options with the MSS behind `before` NOPs, filled up to a multiple of 4.
	static Bytes mss(unsigned size, unsigned before = 0, const Bytes& more = {})
	{
		Bytes b(before, 1);
		b.insert(b.end(), {2, 4, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
		b.insert(b.end(), more.begin(), more.end());
		b.resize((b.size() + 3) / 4 * 4);
		return b;
	}
	template <class Ip> static Bytes syn(const Bytes& options, unsigned flags = SYN)
	{
		return Ethernet{} / Ip{} / TCP{.flags = flags, .options = options} / Payload("x");
	}
};

TEST_F(Mss, IsLoweredToWhatTheLinkTakes)
{
	for (const unsigned flags : {SYN, SYN | ACK}) {
		EXPECT_TRUE(left(clamp(1400, syn<IPv4>(mss(1460), flags)), 0, syn<IPv4>(mss(1360), flags)));
		EXPECT_TRUE(left(clamp(1400, syn<IPv6>(mss(1440), flags), true), 0, syn<IPv6>(mss(1340), flags)));
	}
	EXPECT_TRUE(left(clamp(88, syn<IPv4>(mss(65535))), 0, syn<IPv4>(mss(48))));
}

TEST_F(Mss, IsNeverRaised)
{
	for (const unsigned size : {0u, 536u, 1360u})
		EXPECT_TRUE(left(clamp(1400, syn<IPv4>(mss(size))), 0, syn<IPv4>(mss(size)))) << size;
}

TEST_F(Mss, WhereverTheOptionStands)
{
	for (unsigned before = 0; before <= 36; before++)
		EXPECT_TRUE(left(clamp(1400, syn<IPv4>(mss(1460, before))), 0, syn<IPv4>(mss(1360, before)))) << before;
	// as Linux sends it: MSS, SACK, timestamps, NOP, window scale; and the other way round
	const Bytes rest{4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7};
	EXPECT_TRUE(left(clamp(1400, syn<IPv4>(mss(1460, 0, rest))), 0, syn<IPv4>(mss(1360, 0, rest))));
	Bytes before = rest, after = rest;
	before.insert(before.end(), {2, 4, 0x05, 0xb4});
	after.insert(after.end(), {2, 4, 0x05, 0x50});
	EXPECT_TRUE(left(clamp(1400, syn<IPv4>(before)), 0, syn<IPv4>(after)));
}

TEST_F(Mss, OtherSegmentsAndPacketsStay)
{
	for (const unsigned flags : {ACK, RST, FIN | ACK})
		EXPECT_TRUE(left(clamp(1400, syn<IPv4>(mss(1460), flags)), 0, syn<IPv4>(mss(1460), flags)));
	for (const Bytes& frame :
	     {Bytes(Ethernet{} / IPv4{} / UDP{.sport = 2, .dport = 4} / Payload::of(40)),
	      Bytes(Ethernet{} / IPv4{.fragment = 100, .proto = std::uint8_t{6}} / Payload::of(40)), syn<IPv4>({})})
		EXPECT_TRUE(left(clamp(1400, frame), 0, frame));
}

TEST_F(Mss, MalformedOptionsStayAsTheyAre)
{
	for (const Bytes& options : {Bytes{2, 0, 5, 0xb4}, Bytes{2, 1, 5, 0xb4}, Bytes{2, 3, 5, 0xb4},
				     Bytes{8, 9, 2, 4}, Bytes{0, 2, 4, 5, 0xb4, 0, 0, 0}, Bytes{1, 1, 2, 4},
				     Bytes{8, 0, 2, 4, 5, 0xb4, 1, 1}, Bytes{1, 1, 1, 2}}) {
		Bytes padded = options;
		padded.resize((padded.size() + 3) / 4 * 4);
		const Bytes frame = syn<IPv4>(padded);
		EXPECT_TRUE(left(clamp(100, frame), 0, frame)) << testing::PrintToString(padded);
	}
}

TEST_F(Mss, AHeaderThatIsCutShortIsDropped)
{
	EXPECT_TRUE(dropped(clamp(1400, Ethernet{} / IPv4{.proto = std::uint8_t{6}} / Payload::of(19)), "truncated"));
	// options that the segment does not have
	const Bytes frame = Ethernet{} / IPv4{} / TCP{.flags = SYN, .data_offset = std::uint8_t{15}} / Payload("xyz");
	EXPECT_TRUE(left(clamp(100, frame), 0, frame));
}

} // namespace
} // namespace nfup::test
