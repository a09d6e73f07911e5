// SPDX-License-Identifier: BSD-2-Clause
#include "harness.h"
#include "patterns.h"

namespace nfup::test {
namespace {

class ClassifierNode : public NodeTest {
protected:
	Object classifier(const std::vector<Pattern>& patterns)
	{
		return load("Classifier", Params().set("PATTERNS", compile(patterns)));
	}
	static Bytes prefix(const Bytes& frame, std::size_t size)
	{
		return Bytes(frame.begin(), frame.begin() + static_cast<long>(size));
	}

	const Pattern ip{{12, {0x08, 0x00}}}, arp{{12, {0x08, 0x06}}}, any{};
	const Bytes ip_frame = Ethernet{} / IPv4{} / TCP{};
	const Bytes arp_frame = Ethernet{.type = 0x0806} / Payload::of(28);
	const Bytes other_frame = Ethernet{.type = 0x1234} / Payload::of(28);
};

TEST_F(ClassifierNode, FirstMatchingPatternWins)
{
	auto node = classifier({ip, arp, any});
	EXPECT_TRUE(left(run(node, ip_frame), 0, ip_frame));
	EXPECT_TRUE(left(run(node, arp_frame), 1, arp_frame));
	EXPECT_TRUE(left(run(node, other_frame), 2, other_frame));
	EXPECT_TRUE(left(run(classifier({any, ip}), ip_frame), 0, ip_frame));
}

TEST_F(ClassifierNode, NoPatternMatches)
{
	EXPECT_TRUE(dropped(run(classifier({ip, arp}), other_frame), "no-match"));
	EXPECT_TRUE(dropped(run(classifier({}), ip_frame), "no-match"));
}

TEST_F(ClassifierNode, LooksFromTheCursor)
{
	auto node = classifier({Pattern{{9, {6}}}, any});
	pkt context{};
	context.cursor = 14;
	EXPECT_TRUE(left(run(node, ip_frame, context), 0, ip_frame));
	EXPECT_TRUE(left(run(node, ip_frame), 1, ip_frame));
	EXPECT_EQ(run(node, ip_frame, context).context.cursor, 14);
}

TEST_F(ClassifierNode, Masks)
{
	auto node = classifier({Pattern{{14, {0x40}, {0xf0}}}, any}); // 14/40%f0
	EXPECT_TRUE(left(run(node, ip_frame), 0, ip_frame));
	Bytes six = Ethernet{} / IPv6{} / TCP{};
	EXPECT_TRUE(left(run(node, six), 1, six));
}

TEST_F(ClassifierNode, AllClausesMustHold)
{
	auto node = classifier({Pattern{{12, {0x08, 0x00}}, {23, {6}}}, ip});
	Bytes udp = Ethernet{} / IPv4{} / UDP{};
	EXPECT_TRUE(left(run(node, ip_frame), 0, ip_frame));
	EXPECT_TRUE(left(run(node, udp), 1, udp));
}

TEST_F(ClassifierNode, NegatedClause)
{
	auto node = classifier({Pattern{{12, {0x08, 0x00}}, {23, {6}, {}, CLASSIFIER_NEGATE}}, any});
	Bytes udp = Ethernet{} / IPv4{} / UDP{};
	EXPECT_TRUE(left(run(node, udp), 0, udp));
	EXPECT_TRUE(left(run(node, ip_frame), 1, ip_frame));
}

TEST_F(ClassifierNode, ClauseOverSeveralTests)
{
	const Bytes first{2, 0, 0, 0}, second{0, 2}; // the destination address
	auto plain = classifier({Pattern{{0, first, {}, CLASSIFIER_MORE}, {4, second}}, any});
	auto negated = classifier(
	    {Pattern{{0, first, {}, CLASSIFIER_MORE | CLASSIFIER_NEGATE}, {4, second, {}, CLASSIFIER_NEGATE}}, any});
	Bytes same = ip_frame, head = ip_frame, tail = ip_frame;
	head[0] ^= 1;
	tail[5] ^= 1;
	EXPECT_TRUE(left(run(plain, same), 0, same));
	EXPECT_TRUE(left(run(plain, head), 1, head));
	EXPECT_TRUE(left(run(plain, tail), 1, tail));
	EXPECT_TRUE(left(run(negated, same), 1, same));
	EXPECT_TRUE(left(run(negated, head), 0, head));
	EXPECT_TRUE(left(run(negated, tail), 0, tail));
}

TEST_F(ClassifierNode, NeedsOnlyTheBytesItTests)
{
	for (std::uint8_t flags : {std::uint8_t{0}, std::uint8_t{CLASSIFIER_NEGATE}})
		for (std::size_t length = 1; length <= 4; length++) {
			Bytes full = Ethernet{} / Payload(Bytes(8, 0xaa));
			// negated: a value that is not there
			Bytes value(length, flags ? 0xbb : 0xaa);
			auto node = classifier({Pattern{{14, value, {}, flags}}, any});
			for (std::size_t size = 14; size <= full.size(); size++) {
				Bytes frame = prefix(full, size);
				EXPECT_TRUE(left(run(node, frame), size >= 14 + length ? 0 : 1, frame))
				    << size << " bytes, length " << length << ", flags " << int{flags};
			}
		}
}

TEST_F(ClassifierNode, EveryByteOfATestCounts)
{
	for (std::size_t length = 1; length <= 4; length++) {
		Bytes full = Ethernet{} / Payload::of(8);
		auto node = classifier(
		    {Pattern{{16, Bytes(full.begin() + 16, full.begin() + 16 + static_cast<long>(length))}}, any});
		for (std::size_t byte = 14; byte < full.size(); byte++) {
			Bytes frame = full;
			frame[byte] ^= 0x80;
			bool tested = byte >= 16 && byte < 16 + length;
			EXPECT_TRUE(left(run(node, frame), tested ? 1 : 0, frame)) << byte << " of length " << length;
		}
	}
}

TEST_F(ClassifierNode, CursorBehindTheFrame)
{
	auto node = classifier({ip, any});
	pkt context{};
	for (unsigned cursor : {54u, 1000u, 16384u, 65535u}) {
		context.cursor = static_cast<__u16>(cursor);
		EXPECT_TRUE(left(run(node, ip_frame, context), 1, ip_frame)) << cursor;
	}
}

// The largest program there is: every pattern is reached, every test is run.
TEST_F(ClassifierNode, SixteenPatternsOfFourTests)
{
	std::vector<Pattern> patterns;
	for (unsigned i = 0; i < CLASSIFIER_MAX_PATTERNS; i++)
		patterns.push_back({{14, {static_cast<std::uint8_t>(i)}},
				    {18, {1, 2, 3, 4}},
				    {22, {9, 9}, {}, CLASSIFIER_NEGATE},
				    {24, {5, 6, 7}}});
	auto node = classifier(patterns);
	for (unsigned i = 0; i < CLASSIFIER_MAX_PATTERNS; i++) {
		Bytes frame =
		    Ethernet{} / Payload(Bytes{static_cast<std::uint8_t>(i), 0, 0, 0, 1, 2, 3, 4, 0, 0, 5, 6, 7});
		EXPECT_TRUE(left(run(node, frame), static_cast<int>(i), frame));
		for (std::size_t byte : {18u, 21u, 24u, 26u}) {
			Bytes changed = frame;
			changed[byte] ^= 1;
			EXPECT_TRUE(dropped(run(node, changed), "no-match")) << i << " byte " << byte;
		}
		frame[22] = frame[23] = 9;
		EXPECT_TRUE(dropped(run(node, frame), "no-match")) << i;
	}
	EXPECT_TRUE(dropped(run(node, Ethernet{} / Payload(Bytes(20, 16))), "no-match"));
}

TEST_F(ClassifierNode, OnePatternOfSixtyFourTests)
{
	Bytes body(64 * 4);
	Pattern pattern;
	for (unsigned i = 0; i < 64; i++) {
		body[i * 4] = static_cast<std::uint8_t>(i);
		pattern.push_back({static_cast<std::uint16_t>(14 + i * 4), {static_cast<std::uint8_t>(i), 0, 0, 0}});
	}
	auto node = classifier({pattern, any});
	Bytes frame = Ethernet{} / Payload(body);
	EXPECT_TRUE(left(run(node, frame), 0, frame));
	for (unsigned i = 0; i < 64; i++) {
		Bytes changed = frame;
		changed[14 + i * 4] ^= 1;
		EXPECT_TRUE(left(run(node, changed), 1, changed)) << i;
	}
}

} // namespace
} // namespace nfup::test
