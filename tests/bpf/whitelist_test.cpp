// SPDX-License-Identifier: BSD-2-Clause
// ReadWL and WriteWL.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "atom_fixture.h"
#include "bpf/atoms/fsm_entry.h"
#include "bpf/atoms/whitelist_entry.h"
#include "samples.h"

namespace nfup::test {
namespace {

constexpr int listed = 0, unlisted = 1;

class Whitelist : public AtomTest {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		read_ = load("ReadWL", Params().set("TIMEOUT", 124 * minute).set("CLOSING", 4 * minute));
		write_ = load("WriteWL", sample_params("WriteWL"));
	}

	// None: it is over, or was never there.
	std::optional<wl_entry> entry()
	{
		wl_entry e{};
		if (bpf_map_lookup_elem(state("WL"), &key, &e) || !e.last_seen)
			return std::nullopt;
		return e;
	}
	void set(std::uint64_t idle, wl_closing closing = WL_OPEN, __u32 checked = 0)
	{
		// a machine that has not been up for long has no such past
		wl_entry e{.created = now() - idle, .last_seen = now() - idle, .closing = closing, .checked = checked};
		ASSERT_EQ(bpf_map_update_elem(state("WL"), &key, &e, BPF_ANY), 0);
	}
	std::uint64_t idle() { return now() - entry()->last_seen; }
};

TEST_F(Whitelist, WrittenFlowsAreListed)
{
	EXPECT_TRUE(left(read(ACK), unlisted, frame(ACK)));
	EXPECT_TRUE(left(write(ACK), 0, frame(ACK)));
	EXPECT_TRUE(left(read(ACK), listed, frame(ACK)));
	ASSERT_TRUE(entry());
	EXPECT_LT(idle(), second);
	EXPECT_EQ(entry()->closing, WL_OPEN);
	EXPECT_EQ(entry()->created, entry()->last_seen);
}

TEST_F(Whitelist, EachFieldOfTheFlowTells)
{
	write(ACK);
	for (const flow_key& other :
	     {flow("10.0.0.3", 1000, "10.0.0.2", 80, 6), flow("10.0.0.1", 1001, "10.0.0.2", 80, 6),
	      flow("10.0.0.1", 1000, "10.0.0.3", 80, 6), flow("10.0.0.1", 1000, "10.0.0.2", 81, 6)})
		EXPECT_TRUE(left(run(read_, frame(ACK), context(other)), unlisted, frame(ACK)));
}

TEST_F(Whitelist, WritingEndsTheHandshake)
{
	fsm_entry half{.last_seen = now(), .state = FSM_SYN_SENT, .zero = 0};
	ASSERT_EQ(bpf_map_update_elem(state("FSM"), &key, &half, BPF_ANY), 0);
	write(ACK);
	ASSERT_EQ(bpf_map_lookup_elem(state("FSM"), &key, &half), 0);
	EXPECT_EQ(half.last_seen, 0u);
}

TEST_F(Whitelist, OtherProtocolsAreNeverListed)
{
	Bytes udp = Ethernet{} / IPv4{} / UDP{} / Payload::of(12);
	pkt p = context(flow("10.0.0.1", 1000, "10.0.0.2", 53, 17));
	EXPECT_TRUE(left(run(write_, udp, p), 0, udp));
	EXPECT_TRUE(left(run(read_, udp, p), unlisted, udp));
}

TEST_F(Whitelist, LaterFragmentsAreNeverListed)
{
	pkt p = context(flow("10.0.0.1", 0, "10.0.0.2", 0, 6));
	p.flags = PKT_FRAGMENT | PKT_LATER_FRAGMENT;
	EXPECT_TRUE(left(run(write_, frame(ACK), p), 0, frame(ACK)));
	EXPECT_TRUE(left(run(read_, frame(ACK), p), unlisted, frame(ACK)));
}

TEST_F(Whitelist, IdleFlowsAgeOut)
{
	auto impatient = load("ReadWL", Params().set("TIMEOUT", 20 * second).set("CLOSING", 10 * second));
	set(15 * second);
	EXPECT_TRUE(left(run(impatient, frame(ACK), context(key)), listed, frame(ACK)));
	EXPECT_LT(idle(), second) << "a packet makes it young again";
	set(21 * second);
	EXPECT_TRUE(left(run(impatient, frame(ACK), context(key)), unlisted, frame(ACK)));
	EXPECT_FALSE(entry());
}

TEST_F(Whitelist, LastSeenIsNotWrittenForEveryPacket)
{
	write(ACK);
	auto just_checked = entry()->checked;
	set(2 * second, WL_OPEN, just_checked);
	read(ACK);
	EXPECT_GT(idle(), second) << "looked at a moment ago";
	set(2 * second, WL_OPEN, just_checked - 1000);
	read(ACK);
	EXPECT_LT(idle(), second);
	EXPECT_LT(entry()->checked - just_checked, 1000u);
}

TEST_F(Whitelist, AFinIsNotedAtOnce)
{
	write(ACK);
	read(ACK);
	read(FIN | ACK);
	EXPECT_EQ(entry()->closing, WL_FIN);
}

TEST_F(Whitelist, AnEntryFromTheFutureIsYoung)
{
	set(static_cast<std::uint64_t>(-5 * static_cast<std::int64_t>(second)));
	EXPECT_TRUE(left(read(ACK), listed, frame(ACK)));
}

TEST_F(Whitelist, AFinLeavesTimeForTheOtherSide)
{
	auto impatient = load("ReadWL", Params().set("TIMEOUT", 100 * second).set("CLOSING", 10 * second));
	set(0);
	EXPECT_TRUE(left(read(FIN | ACK), listed, frame(FIN | ACK)));
	EXPECT_EQ(entry()->closing, WL_FIN);
	EXPECT_TRUE(left(read(ACK), listed, frame(ACK)));
	EXPECT_EQ(entry()->closing, WL_FIN) << "what is acknowledged after a FIN opens nothing";
	set(9 * second, WL_FIN);
	EXPECT_TRUE(left(run(impatient, frame(ACK), context(key)), listed, frame(ACK)));
	set(11 * second, WL_FIN);
	EXPECT_TRUE(left(run(impatient, frame(ACK), context(key)), unlisted, frame(ACK)));
}

TEST_F(Whitelist, AResetFlowIsGoneSoon)
{
	set(0);
	EXPECT_TRUE(left(read(RST), listed, frame(RST))) << "the RST itself passes";
	EXPECT_EQ(entry()->closing, WL_RESET);
	set(11 * second, WL_RESET);
	EXPECT_TRUE(left(read(ACK), unlisted, frame(ACK)));
	EXPECT_FALSE(entry());
}

TEST_F(Whitelist, AForgedResetDoesNotEndAFlow)
{
	set(0);
	read(RST);
	EXPECT_TRUE(left(read(ACK), listed, frame(ACK)));
	EXPECT_EQ(entry()->closing, WL_OPEN);
}

TEST_F(Whitelist, ASynAfterTheEndBeginsAnew)
{
	for (wl_closing closing : {WL_FIN, WL_RESET}) {
		set(0, closing);
		EXPECT_TRUE(left(read(SYN), unlisted, frame(SYN)));
		EXPECT_FALSE(entry());
	}
	set(0);
	EXPECT_TRUE(left(read(SYN), listed, frame(SYN))) << "an open flow answers it with a challenge ACK";
	EXPECT_TRUE(entry());
}

TEST_F(Whitelist, ClosedWithTheHandshake)
{
	write(FIN | ACK);
	EXPECT_EQ(entry()->closing, WL_FIN);
}

TEST_F(Whitelist, EveryPrefix)
{
	Bytes whole = frame(ACK);
	set(0);
	for (std::size_t size = 14; size < whole.size(); size++) {
		Bytes prefix(whole.begin(), whole.begin() + static_cast<long>(size));
		EXPECT_TRUE(left(run(read_, prefix, context(key)), unlisted, prefix)) << size;
		EXPECT_TRUE(dropped(run(write_, prefix, context(key)), "truncated")) << size;
	}
	// a datagram that ends inside the TCP header
	pkt p = context(key);
	p.l3_len = 39;
	EXPECT_TRUE(left(run(read_, whole, p), unlisted, whole));
	EXPECT_TRUE(dropped(run(write_, whole, p), "truncated"));
}

TEST_F(Whitelist, SixAndFourAreApart)
{
	write(ACK);
	flow_key mapped = key;
	mapped.family = 6;
	EXPECT_TRUE(left(run(read_, frame(ACK), context(mapped)), unlisted, frame(ACK)));
}

} // namespace
} // namespace nfup::test
