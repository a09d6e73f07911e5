// SPDX-License-Identifier: BSD-2-Clause
// ZONE of ReadConn, WriteConn, ReadFrag and WriteFrag: the same addresses and ports in
// different VLANs are different connections, and different datagrams.
#include <bpf/bpf.h>

#include <set>

#include "bpf/atoms/conn_entry.h"
#include "harness.h"
#include "samples.h"

namespace nfup::test {
namespace {

constexpr unsigned by_none = 0, by_vlan = 1;

// The tags of a frame, the outer one first.
using Tags = std::vector<std::uint16_t>;

class Zone : public NodeTest {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		check_ = load("CheckIPHeader");
		use(by_vlan);
	}
	void use(unsigned zone)
	{
		auto params = [&](const char* cls) {
			return sample_params(cls).set("ZONE", zone);
		};
		// not connected: invalid and untracked, unknown
		read_ = load("ReadConn", params("ReadConn"), {100, 101, 102, no_slot, no_slot});
		write_ = load("WriteConn", params("WriteConn"));
		read_frag_ = load("ReadFrag", params("ReadFrag"), {100, 101, no_slot});
		write_frag_ = load("WriteFrag", params("WriteFrag"));
	}
	// The frame with these tags.
	static Bytes tagged(const Tags& tags, const Bytes& frame)
	{
		Bytes all = frame;
		for (std::size_t i = tags.size(); i-- > 0;) {
			const unsigned type = i + 1 < tags.size() ? 0x88a8 : 0x8100,
				       tci = static_cast<unsigned>(i + 3) << 13 | tags[i];
			for (unsigned word : {tci, type})
				all.insert(all.begin() + 12,
					   {static_cast<std::uint8_t>(word >> 8), static_cast<std::uint8_t>(word)});
		}
		return all;
	}
	pkt context(const Tags& tags, const Bytes& frame)
	{
		pkt p{};
		p.cursor = static_cast<__u16>(14 + 4 * tags.size());
		return run(check_, frame, p).context;
	}
	// Is it new? Then it is noted.
	bool is_new(const Tags& tags, bool answer, unsigned flags)
	{
		const IPv4 there{}, back{.src = "10.0.0.2", .dst = "10.0.0.1"};
		const TCP segment{.sport = static_cast<std::uint16_t>(answer ? 80 : 1000),
				  .dport = static_cast<std::uint16_t>(answer ? 1000 : 80),
				  .flags = flags,
				  .seq = answer ? 5000u : 1000u,
				  .ack = answer ? 1001u : 0u};
		const Bytes frame = tagged(tags, Ethernet{} / (answer ? back : there) / segment);
		const pkt p = context(tags, frame);
		const Outcome outcome = run(read_, frame, p);
		if (outcome.output == 1) {
			EXPECT_TRUE(left(run(write_, frame, p), 0, frame));
		} else {
			EXPECT_TRUE(left(outcome, 0, frame)) << "established";
		}
		return outcome.output == 1;
	}
	// Output of a fragment: 0 is a first one, which is noted; 1 a later one; or none.
	std::optional<int> fragment(const Tags& tags, bool later)
	{
		const Bytes frame = tagged(tags, Ethernet{} /
						     IPv4{.fragment = static_cast<std::uint16_t>(later ? 10 : 0),
							  .more = true,
							  .proto = std::uint8_t{17}} /
						     Payload::of(80));
		const pkt p = context(tags, frame);
		const Outcome outcome = run(read_frag_, frame, p);
		if (outcome.output == 0) {
			EXPECT_TRUE(left(run(write_frag_, frame, p), 0, frame));
		}
		return outcome.output;
	}
	std::multiset<unsigned> zones()
	{
		std::multiset<unsigned> all;
		conn_key at{}, next{};
		for (const void* from = nullptr; !bpf_map_get_next_key(state("CONN"), from, &next); from = &at) {
			at = next;
			all.insert(at.zone);
		}
		return all;
	}

	Object check_, read_, write_, read_frag_, write_frag_;
};

TEST_F(Zone, EachVLANHasItsConnections)
{
	const std::vector<Tags> links{{}, {5}, {6}, {100, 5}, {100, 6}, {101, 5}};
	for (const Tags& tags : links)
		EXPECT_TRUE(is_new(tags, false, SYN)) << testing::PrintToString(tags);
	for (const Tags& tags : links)
		EXPECT_FALSE(is_new(tags, true, SYN | ACK)) << testing::PrintToString(tags);
	for (const Tags& tags : links)
		EXPECT_FALSE(is_new(tags, false, SYN)) << testing::PrintToString(tags);
	const auto all = zones();
	EXPECT_EQ(all.size(), links.size());
	EXPECT_EQ(all.count(0), 1u) << "untagged";
	EXPECT_EQ(all.count(5), 1u) << "one tag: its number, whatever the priority";
	EXPECT_EQ(all.count(6), 1u);
	EXPECT_GE(*std::next(all.begin(), 3), 0x8000u) << "two tags";
}

TEST_F(Zone, PairsOfTagsSeldomMeet)
{
	for (std::uint16_t outer = 100; outer < 120; outer++)
		for (std::uint16_t inner = 1; inner <= 10; inner++)
			is_new({outer, inner}, false, SYN);
	EXPECT_GE(zones().size(), 198u) << "of 200";
}

TEST_F(Zone, NoneIfNotAskedFor)
{
	use(by_none);
	EXPECT_TRUE(is_new({5}, false, SYN));
	EXPECT_FALSE(is_new({6}, true, SYN | ACK));
	EXPECT_FALSE(is_new({100, 5}, false, SYN));
	EXPECT_EQ(zones(), std::multiset<unsigned>{0});
}

TEST_F(Zone, EachVLANHasItsFragments)
{
	EXPECT_EQ(fragment({5}, false), 0);
	EXPECT_EQ(fragment({6}, true), std::nullopt);
	EXPECT_EQ(fragment({}, true), std::nullopt);
	EXPECT_EQ(fragment({100, 5}, true), std::nullopt);
	EXPECT_EQ(fragment({5}, true), 1);
	EXPECT_EQ(fragment({100, 5}, false), 0);
	EXPECT_EQ(fragment({100, 5}, true), 1);
	use(by_none);
	EXPECT_EQ(fragment({7}, false), 0);
	EXPECT_EQ(fragment({8}, true), 1);
}

} // namespace
} // namespace nfup::test
