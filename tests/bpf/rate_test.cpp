// SPDX-License-Identifier: BSD-2-Clause
// RatedSplitter, BandwidthRatedSplitter, FlowRatedSplitter: how many packets may come at
// once, how fast tokens come back, and that several CPUs share one bucket. Rates are so
// low, and the clock is moved by writing the bucket, so that no test depends on its speed.
#include <bpf/bpf.h>

#include <sched.h>
#include <thread>

#include "atom_fixture.h"
#include "bpf/atoms/bucket_entry.h"
#include "statemaps/queue.h"

namespace nfup::test {
namespace {

constexpr unsigned by_source = 0, by_destination = 1, by_pair = 2, by_flow = 3;
constexpr unsigned by_packets = 0, by_bytes = 1;
constexpr unsigned refuse = 0, oldest = 1;

class Rate : public AtomTest {
protected:
	static Params terms(std::uint64_t rate, unsigned burst)
	{
		return Params().set("RATE", rate).set("BURST_DURATION", 20'000'000ul).set("BURST_SIZE", burst);
	}
	static Params flow_terms(std::uint64_t rate, unsigned burst, unsigned key, unsigned unit = by_packets,
				 unsigned full = refuse)
	{
		return terms(rate, burst)
		    .set("KEY", key)
		    .set("UNIT", unit)
		    .set("PREFIX4", 32u)
		    .set("PREFIX6", 64u)
		    .set("FULL", full);
	}
	// How many of `count` packets leave by output 0; the others by output 1.
	unsigned passed(const Object& node, const Bytes& packet, unsigned count, const pkt& as = {})
	{
		unsigned through = 0;
		for (unsigned i = 0; i < count; i++) {
			const auto outcome = run(node, packet, as);
			through += outcome.output == 0;
			EXPECT_TRUE(left(outcome, outcome.output == 0 ? 0 : 1, packet));
		}
		return through;
	}
	unsigned passed(const Object& node, const flow_key& flow, unsigned count)
	{
		return passed(node, frame(ACK), count, context(flow));
	}
	// As if so much time had gone by.
	void later(const Object& node, std::uint64_t ns)
	{
		bucket b{};
		ASSERT_EQ(bpf_map_lookup_elem(state("BUCKET"), &node.node, &b), 0);
		b.due -= ns;
		ASSERT_EQ(bpf_map_update_elem(state("BUCKET"), &node.node, &b, BPF_ANY), 0);
	}
	std::vector<bucket_key> keys()
	{
		std::vector<bucket_key> all;
		bucket_key next{};
		while (!bpf_map_get_next_key(state("FLOW_RATE"), all.empty() ? nullptr : &all.back(), &next))
			all.push_back(next);
		return all;
	}
	void all_later(std::uint64_t ns)
	{
		for (const bucket_key& k : keys()) {
			bucket b{};
			ASSERT_EQ(bpf_map_lookup_elem(state("FLOW_RATE"), &k, &b), 0);
			b.due -= ns;
			ASSERT_EQ(bpf_map_update_elem(state("FLOW_RATE"), &k, &b, BPF_EXIST), 0);
		}
	}
	static flow_key from(const std::string& source) { return flow(source, 1000, "10.0.0.2", 80, 6); }
	const Bytes small = Ethernet{} / IPv4{} / UDP{} / Payload::of(18);
};

TEST_F(Rate, ABurstPassesAndTokensComeBack)
{
	auto node = load("RatedSplitter", terms(1, 5));
	EXPECT_EQ(passed(node, small, 20), 5u);
	later(node, 3 * second);
	EXPECT_EQ(passed(node, small, 20), 3u);
	later(node, 1000 * second); // the bucket holds no more than 5
	EXPECT_EQ(passed(node, small, 20), 5u);
}

TEST_F(Rate, TheBurstIsByDurationUnlessASizeIsGiven)
{
	// 20 ms at 1,000 a second: 20 packets; in 1/1,000 s one more
	auto node = load("RatedSplitter", terms(1000, 0));
	const unsigned through = passed(node, small, 20);
	EXPECT_EQ(through, 20u);
	// fewer than one in that time: one
	EXPECT_EQ(passed(load("RatedSplitter", terms(2, 0)), small, 10), 1u);
}

TEST_F(Rate, AnOpenOutputDrops)
{
	auto node = load("RatedSplitter", terms(1, 1), {first_exit_slot, no_slot});
	EXPECT_TRUE(left(run(node, small), 0, small));
	EXPECT_TRUE(dropped(run(node, small), "rate-limited"));
}

TEST_F(Rate, BandwidthCountsTheFramesBytes)
{
	auto node = load("BandwidthRatedSplitter", terms(60, 600)); // 60-byte frames: ten, then one a second
	EXPECT_EQ(small.size(), 60u);
	EXPECT_EQ(passed(node, small, 30), 10u);
	later(node, 2 * second);
	EXPECT_EQ(passed(node, small, 30), 2u);
	// A frame larger than the bucket passes when the bucket is full, and then costs its time.
	auto narrow = load("BandwidthRatedSplitter", terms(1000, 100));
	const Bytes large = Ethernet{} / IPv4{} / UDP{} / Payload::of(1400);
	EXPECT_EQ(passed(narrow, large, 5), 1u);
	later(narrow, second);
	EXPECT_EQ(passed(narrow, large, 5), 0u);
}

TEST_F(Rate, NodesHaveBucketsOfTheirOwn)
{
	auto one = load("RatedSplitter", terms(1, 3)), two = load("RatedSplitter", terms(1, 4));
	EXPECT_EQ(passed(one, small, 10), 3u);
	EXPECT_EQ(passed(two, small, 10), 4u);
}

TEST_F(Rate, AClockThatWentBackDoesNotStopTraffic)
{
	auto node = load("RatedSplitter", terms(1, 3));
	EXPECT_EQ(passed(node, small, 10), 3u);
	later(node, -1'000'000 * second); // due in 11 days: restored on a machine that was booted later
	EXPECT_EQ(passed(node, small, 10), 3u);
}

TEST_F(Rate, CPUsShareABucket)
{
	constexpr unsigned tokens = 1'000'000;
	auto node = load("RatedSplitter", terms(1, tokens)), through = load("Counter", {}, {first_exit_slot + 1});
	put(first_exit_slot, through.program);
	std::vector<std::thread> senders;
	constexpr int each = 2'000'000; // 0.1 s or more, so that they do meet
	for (int i = 0; i < 2; i++)
		senders.emplace_back([&, i] {
			cpu_set_t own;
			CPU_ZERO(&own);
			CPU_SET(static_cast<unsigned>(i) % std::thread::hardware_concurrency(), &own);
			sched_setaffinity(0, sizeof own, &own);
			nanoseconds(node.program, small, {}, each);
		});
	for (auto& sender : senders)
		sender.join();
	EXPECT_EQ(Kernel::packets(node), 2u * each);
	// a token a second came back meanwhile
	EXPECT_GE(Kernel::packets(through), tokens);
	EXPECT_LE(Kernel::packets(through), tokens + 60);
}

TEST_F(Rate, ByKey)
{
	struct {
		unsigned key;
		unsigned sources, destinations, ports; // of 4 packets each that differ in one of them
	} const rows[] = {{by_source, 4, 1, 1}, {by_destination, 1, 4, 1}, {by_pair, 4, 4, 1}, {by_flow, 4, 4, 4}};
	for (const auto& row : rows) {
		auto node = load("FlowRatedSplitter", flow_terms(1, 1, row.key));
		auto count = [&](auto&& make) {
			unsigned through = 0;
			for (unsigned i = 1; i <= 4; i++)
				through += passed(node, make(i), 3);
			all_later(10 * second); // full again for the next
			return through;
		};
		const std::string n = "10.0.1.";
		EXPECT_EQ(count([&](unsigned i) { return from(n + std::to_string(i)); }), row.sources) << row.key;
		EXPECT_EQ(count([&](unsigned i) { return flow("10.0.0.1", 1, n + std::to_string(i), 80, 6); }),
			  row.destinations)
		    << row.key;
		EXPECT_EQ(count([&](unsigned i) { return flow("10.0.0.1", i, "10.0.0.2", 80, 6); }), row.ports)
		    << row.key;
	}
}

TEST_F(Rate, AnIPv6HostHasAWhole64)
{
	auto node = load("FlowRatedSplitter", flow_terms(1, 2, by_source));
	auto six = [](const char* source) {
		return flow(source, 1, "2001:db8::2", 80, 6);
	};
	EXPECT_EQ(passed(node, six("2001:db8:0:1::1"), 5), 2u);
	EXPECT_EQ(passed(node, six("2001:db8:0:1:ffff::2"), 5), 0u);
	EXPECT_EQ(passed(node, six("2001:db8:0:2::1"), 5), 2u);
}

TEST_F(Rate, PrefixesOfEveryLength)
{
	for (unsigned bits = 0; bits <= 32; bits++) {
		auto node = load("FlowRatedSplitter", flow_terms(1, 1, by_source).set("PREFIX4", bits));
		EXPECT_EQ(passed(node, from("10.1.2.3"), 2), 1u);
		// the last bit that counts differs, and the first one that does not
		if (bits) {
			const in_addr other{htonl(0x0a010203u ^ 1u << (32 - bits))};
			EXPECT_EQ(passed(node, from(inet_ntoa(other)), 2), 1u) << bits;
		}
		if (bits < 32) {
			const in_addr same{htonl(0x0a010203u ^ 1u << (31 - bits))};
			EXPECT_EQ(passed(node, from(inet_ntoa(same)), 2), 0u) << bits;
		}
	}
}

TEST_F(Rate, FlowsByBytes)
{
	auto node = load("FlowRatedSplitter", flow_terms(54, 540, by_source, by_bytes));
	EXPECT_EQ(frame(ACK).size(), 54u);
	EXPECT_EQ(passed(node, from("10.0.1.1"), 30), 10u);
	EXPECT_EQ(passed(node, from("10.0.1.2"), 30), 10u);
}

TEST_F(Rate, BucketsThatAreFullAgainMakeRoom)
{
	capacity("FLOW_RATE", 64);
	capacity(statemaps::queue_of("FLOW_RATE"), 128);
	auto node = load("FlowRatedSplitter", flow_terms(1, 1, by_source), {first_exit_slot, no_slot});
	auto nth = [](unsigned n) {
		return from("10.0." + std::to_string(n / 250) + "." + std::to_string(n % 250));
	};
	for (unsigned n = 0; n < 64; n++)
		EXPECT_EQ(passed(node, nth(n), 1), 1u);
	// no room for a source that is not known: beyond the rate
	EXPECT_TRUE(dropped(run(node, frame(ACK), context(nth(100))), "rate-limited"));
	all_later(10 * second);
	for (unsigned n = 100; n < 160; n++)
		EXPECT_EQ(passed(node, nth(n), 1), 1u) << n;
	EXPECT_LE(keys().size(), 64u);
	EXPECT_GT(events(node, NFUP_EVENT_EXPIRED), 0u);

	auto lenient = load("FlowRatedSplitter", flow_terms(1, 1, by_source, by_packets, oldest));
	for (unsigned n = 200; n < 300; n++)
		EXPECT_EQ(passed(lenient, nth(n), 1), 1u) << n;
	EXPECT_GT(events(lenient, NFUP_EVENT_EVICTED), 0u);
}

} // namespace
} // namespace nfup::test
