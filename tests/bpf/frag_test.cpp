// SPDX-License-Identifier: BSD-2-Clause
// ReadFrag and WriteFrag: what passes of a datagram begins with its first fragment and
// never overlaps.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "bpf/atoms/frag_entry.h"
#include "flow.h"
#include "harness.h"
#include "samples.h"

namespace nfup::test {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

class Frag : public NodeTest, public testing::WithParamInterface<int> {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		check_ = load(six() ? "CheckIP6Header" : "CheckIPHeader");
		// output 2, unknown, is not connected
		read_ = load("ReadFrag", sample_params("ReadFrag"), {100, 101, no_slot});
		write_ = load("WriteFrag", sample_params("WriteFrag"));
	}
	bool six() const { return GetParam() == 6; }

	// `units` of 8 bytes of UDP from unit `offset`.
	Bytes fragment(std::uint16_t offset, std::size_t units, bool more, std::uint16_t id = 7)
	{
		const Payload bytes = Payload::of(units * 8);
		if (six())
			return Ethernet{} / IPv6{} /
			       Fragment6{.fragment = offset, .more = more, .id = id, .next = std::uint8_t{17}} / bytes;
		return Ethernet{} / IPv4{.fragment = offset, .more = more, .proto = std::uint8_t{17}, .id = id} / bytes;
	}
	// What becomes of it: "passes" or the reason for the drop. A rule has let first ones pass.
	std::string pass(const Bytes& frame)
	{
		pkt p{};
		p.cursor = 14;
		p = run(check_, frame, p).context;
		Outcome outcome = run(read_, frame, p);
		if (outcome.output == 0)
			outcome = run(write_, frame, p);
		if (!outcome.output)
			return outcome.drops.empty() ? "?" : outcome.drops.begin()->first;
		EXPECT_EQ(outcome.frame, frame);
		return "passes";
	}
	std::string pass(std::uint16_t offset, std::size_t units, bool more, std::uint16_t id = 7)
	{
		return pass(fragment(offset, units, more, id));
	}
	void age(std::uint64_t by)
	{
		frag_key key;
		frag_entry e{};
		ASSERT_EQ(bpf_map_get_next_key(state("FRAG"), nullptr, &key), 0);
		ASSERT_EQ(bpf_map_lookup_elem(state("FRAG"), &key, &e), 0);
		e.last_seen -= by;
		ASSERT_EQ(bpf_map_update_elem(state("FRAG"), &key, &e, BPF_EXIST), 0);
	}

	Object check_, read_, write_;
};

INSTANTIATE_TEST_SUITE_P(Families, Frag, testing::Values(4, 6),
			 [](const auto& family) { return family.param == 6 ? "IPv6" : "IPv4"; });

class Frag6 : public Frag {};

INSTANTIATE_TEST_SUITE_P(IPv6, Frag6, testing::Values(6));

TEST_P(Frag, LaterOnesNeedTheFirst)
{
	EXPECT_EQ(pass(185, 185, true), "unknown-fragment");
	EXPECT_EQ(pass(0, 185, true), "passes");
	EXPECT_EQ(pass(185, 185, true), "passes");
	EXPECT_EQ(pass(370, 10, false), "passes");
	EXPECT_EQ(pass(370, 10, false), "unknown-fragment") << "it is complete";
	EXPECT_EQ(pass(185, 185, true, 8), "unknown-fragment") << "another datagram";
}

TEST_P(Frag, AnyOrderBehindTheFirst)
{
	EXPECT_EQ(pass(0, 10, true), "passes");
	EXPECT_EQ(pass(50, 2, false), "passes");
	EXPECT_EQ(pass(20, 10, true), "passes");
	EXPECT_EQ(pass(40, 10, true), "passes");
	EXPECT_EQ(pass(10, 10, true), "passes");
	EXPECT_EQ(pass(30, 10, true), "passes");
	EXPECT_EQ(pass(0, 10, true), "passes") << "the next datagram with this identifier";
}

TEST_P(Frag, NoByteTwice)
{
	EXPECT_EQ(pass(0, 10, true), "passes");
	EXPECT_EQ(pass(0, 10, true), "overlapping-fragment");
	EXPECT_EQ(pass(9, 10, true), "overlapping-fragment");
	EXPECT_EQ(pass(20, 10, true), "passes");
	EXPECT_EQ(pass(10, 11, true), "overlapping-fragment");
	EXPECT_EQ(pass(29, 1, true), "overlapping-fragment");
	EXPECT_EQ(pass(15, 30, true), "overlapping-fragment") << "around it";
	EXPECT_EQ(pass(40, 5, false), "passes");
	EXPECT_EQ(pass(50, 5, true), "overlapping-fragment") << "behind the last one";
	EXPECT_EQ(pass(35, 2, false), "overlapping-fragment") << "a second last one";
	EXPECT_EQ(pass(10, 10, true), "passes");
	EXPECT_EQ(pass(30, 10, true), "passes");
	EXPECT_EQ(pass(10, 10, true), "unknown-fragment") << "it was complete";
}

TEST_P(Frag, AtMostEightGaps)
{
	EXPECT_EQ(pass(0, 1, true), "passes");
	for (std::uint16_t i = 1; i < FRAG_RANGES; i++)
		EXPECT_EQ(pass(static_cast<std::uint16_t>(2 * i), 1, true), "passes") << i;
	EXPECT_EQ(pass(2 * FRAG_RANGES, 1, true), "table-full");
	EXPECT_EQ(pass(3, 1, true), "passes") << "closes a gap";
	EXPECT_EQ(pass(2 * FRAG_RANGES, 1, true), "passes");
}

TEST_P(Frag, InTime)
{
	EXPECT_EQ(pass(0, 10, true), "passes");
	age(29 * second);
	EXPECT_EQ(pass(10, 10, true), "passes");
	age(2 * second);
	EXPECT_EQ(pass(20, 10, true), "unknown-fragment");
	EXPECT_EQ(pass(0, 10, true), "passes") << "a new datagram";
	EXPECT_EQ(pass(10, 10, true), "passes");
}

TEST_P(Frag, WholeDatagramsGoOn)
{
	const Bytes whole = six() ? Ethernet{} / IPv6{} / UDP{} : Ethernet{} / IPv4{} / UDP{};
	EXPECT_EQ(pass(whole), "passes");
	EXPECT_EQ(pass(whole), "passes");
	frag_key first;
	EXPECT_NE(bpf_map_get_next_key(state("FRAG"), nullptr, &first), 0);
}

// Further extension headers may stand between the fragment header and the transport header.
TEST_P(Frag6, ChainsOfExtensionHeaders)
{
	const Bytes first = Ethernet{} / IPv6{} / Extension{.type = 0} / Fragment6{.more = true, .id = 9} /
			    Extension{} / UDP{} / Payload::of(24); // 8 + 8 + 24 bytes
	EXPECT_EQ(pass(first), "passes");
	const Bytes inside = Ethernet{} / IPv6{} / Extension{.type = 0} /
			     Fragment6{.fragment = 4, .more = true, .id = 9, .next = std::uint8_t{60}} / Payload::of(8),
		    behind = Ethernet{} / IPv6{} / Extension{.type = 0} /
			     Fragment6{.fragment = 5, .more = true, .id = 9, .next = std::uint8_t{60}} / Payload::of(8);
	EXPECT_EQ(pass(inside), "overlapping-fragment");
	EXPECT_EQ(pass(behind), "passes");
}

} // namespace
} // namespace nfup::test
