// SPDX-License-Identifier: BSD-2-Clause
// Print: what is in the ring for a packet, and that a full ring stops nothing.
#include <bpf/libbpf.h>

#include "harness.h"

namespace nfup::test {
namespace {

class Print : public NodeTest {
protected:
	struct Record {
		trace_record header;
		Bytes bytes;
	};
	std::vector<Record> records()
	{
		std::vector<Record> all;
		auto* ring = ring_buffer__new(
		    trace(),
		    [](void* to, void* data, std::size_t) {
			    Record r{*static_cast<trace_record*>(data), {}};
			    const auto* bytes = static_cast<std::uint8_t*>(data) + sizeof r.header;
			    r.bytes.assign(bytes, bytes + r.header.captured);
			    static_cast<std::vector<Record>*>(to)->push_back(r);
			    return 0;
		    },
		    &all, nullptr);
		EXPECT_NE(ring, nullptr);
		ring_buffer__consume(ring);
		ring_buffer__free(ring);
		return all;
	}
	Object print(unsigned most) { return load("Print", Params().set("MAXLENGTH", most)); }
};

TEST_F(Print, ThePacketPassesAndIsInTheRing)
{
	auto node = print(64);
	pkt context{};
	context.port = 3;
	context.paint = 7;
	for (const std::size_t size : {0u, 4u, 50u, 1400u}) {
		const Bytes frame = Ethernet{} / IPv4{} / UDP{} / Payload::of(size);
		EXPECT_TRUE(left(run(node, frame, context), 0, frame));
		const auto seen = records();
		ASSERT_EQ(seen.size(), 1u);
		EXPECT_EQ(seen[0].header.length, frame.size());
		EXPECT_EQ(seen[0].bytes, Bytes(frame.begin(), frame.begin() + std::min<long>(64, std::ssize(frame))));
		EXPECT_EQ(seen[0].header.port, 3);
		EXPECT_EQ(seen[0].header.paint, 7);
		EXPECT_EQ(seen[0].header.node, node.node);
		EXPECT_EQ(seen[0].header.packet, packets(node));
	}
}

TEST_F(Print, FromWhereTheFrameBegins)
{
	const Bytes frame = Ethernet{} / Vlan{} / IPv4{} / UDP{} / Payload::of(20);
	pkt context{};
	context.l2 = 4; // as VLANDecap leaves it
	run(print(2048), frame, context);
	const auto seen = records();
	ASSERT_EQ(seen.size(), 1u);
	EXPECT_EQ(seen[0].bytes, Bytes(frame.begin() + 4, frame.end()));
}

TEST_F(Print, AFullRingStopsNothing)
{
	auto node = print(2048);
	const Bytes frame = Ethernet{} / IPv4{} / UDP{} / Payload::of(1400);
	for (int i = 0; i < 2000; i++)
		ASSERT_TRUE(left(run(node, frame), 0, frame));
	const auto seen = records();
	EXPECT_GT(seen.size(), 300u);
	EXPECT_LT(seen.size(), 600u);
	// the oldest, without a gap; the next one shows how many were not
	for (std::size_t i = 0; i < seen.size(); i++)
		EXPECT_EQ(seen[i].header.packet, i + 1);
	run(node, frame);
	const auto next = records();
	ASSERT_EQ(next.size(), 1u);
	EXPECT_EQ(next[0].header.packet, 2001u);
}

} // namespace
} // namespace nfup::test
