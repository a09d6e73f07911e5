// SPDX-License-Identifier: BSD-2-Clause
// ReadFSM and WriteFSM.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "atom_fixture.h"
#include "bpf/atoms/fsm_entry.h"
#include "samples.h"

namespace nfup::test {
namespace {

constexpr int valid = 0, invalid = 1, established = 2;

class Fsm : public AtomTest {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		read_ = load("ReadFSM", Params().set("TIMEOUT", 20 * second));
		write_ = load("WriteFSM", sample_params("WriteFSM"));
	}

	bool half_open()
	{
		fsm_entry e{};
		return bpf_map_lookup_elem(state("FSM"), &key, &e) == 0 && e.state == FSM_SYN_SENT && e.last_seen;
	}
	void set(std::uint64_t age)
	{
		fsm_entry e{.last_seen = now() - age, .state = FSM_SYN_SENT, .zero = 0};
		ASSERT_EQ(bpf_map_update_elem(state("FSM"), &key, &e, BPF_ANY), 0);
	}
};

TEST_F(Fsm, AFlowBeginsWithASyn)
{
	EXPECT_TRUE(left(read(SYN), valid, frame(SYN)));
	for (unsigned ecn : {0x40u, 0x80u, 0xc0u}) // ECE, CWR: RFC 3168's ECN-setup SYN
		EXPECT_TRUE(left(read(SYN | ecn), valid, frame(SYN | ecn)));
	for (unsigned flags : {ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, PSH | ACK})
		EXPECT_TRUE(left(read(flags), invalid, frame(flags))) << flags;
	EXPECT_FALSE(half_open()) << "reading writes nothing";
}

TEST_F(Fsm, Handshake)
{
	EXPECT_TRUE(left(read(SYN), valid, frame(SYN)));
	EXPECT_TRUE(left(write(SYN), 0, frame(SYN)));
	EXPECT_TRUE(half_open());
	EXPECT_TRUE(left(read(SYN), valid, frame(SYN))) << "sent again";
	EXPECT_TRUE(left(write(SYN), 0, frame(SYN)));
	EXPECT_TRUE(left(read(ACK), established, frame(ACK)));
	EXPECT_TRUE(left(read(PSH | ACK), established, frame(PSH | ACK))) << "the first ACK was lost";
	EXPECT_TRUE(left(read(FIN | ACK), established, frame(FIN | ACK)));
}

TEST_F(Fsm, SimultaneousOpen)
{
	write(SYN);
	EXPECT_TRUE(left(read(SYN | ACK), valid, frame(SYN | ACK)));
	write(SYN | ACK);
	EXPECT_TRUE(left(read(ACK), established, frame(ACK)));
}

TEST_F(Fsm, AResetEndsTheHandshake)
{
	for (unsigned flags : {RST, RST | ACK}) {
		write(SYN);
		EXPECT_TRUE(left(read(flags), valid, frame(flags)));
		EXPECT_TRUE(left(write(flags), 0, frame(flags)));
		EXPECT_FALSE(half_open());
		EXPECT_TRUE(left(read(ACK), invalid, frame(ACK)));
	}
}

TEST_F(Fsm, FlagsThatNoStackSends)
{
	for (bool known : {false, true}) {
		if (known)
			write(SYN);
		for (unsigned flags :
		     {0u, FIN, SYN | FIN, SYN | RST, SYN | FIN | ACK, FIN | RST, FIN | PSH | URG, 0x3fu, PSH, URG})
			EXPECT_TRUE(left(read(flags), invalid, frame(flags))) << flags;
	}
}

TEST_F(Fsm, AHandshakeThatTakesTooLongIsNone)
{
	set(15 * second);
	EXPECT_TRUE(left(read(ACK), established, frame(ACK)));
	set(21 * second);
	EXPECT_TRUE(left(read(ACK), invalid, frame(ACK)));
	EXPECT_TRUE(left(read(SYN), valid, frame(SYN)));
	write(SYN);
	EXPECT_TRUE(left(read(ACK), established, frame(ACK)));
}

TEST_F(Fsm, EachFlowHasItsOwn)
{
	write(SYN);
	pkt other = context(flow("10.0.0.1", 1001, "10.0.0.2", 80, 6));
	EXPECT_TRUE(left(run(read_, frame(ACK), other), invalid, frame(ACK)));
}

TEST_F(Fsm, WhatIsNotTcpPasses)
{
	Bytes udp = Ethernet{} / IPv4{} / UDP{} / Payload::of(12);
	pkt p = context(flow("10.0.0.1", 1000, "10.0.0.2", 53, 17));
	EXPECT_TRUE(left(run(read_, udp, p), valid, udp));
	EXPECT_TRUE(left(run(write_, udp, p), 0, udp));
	Bytes echo = Ethernet{} / IPv4{} / ICMP{};
	p = context(flow("10.0.0.1", 7, "10.0.0.2", 7, 1));
	EXPECT_TRUE(left(run(read_, echo, p), valid, echo));
	EXPECT_TRUE(left(run(write_, echo, p), 0, echo));

	flow_key first;
	EXPECT_NE(bpf_map_get_next_key(state("FSM"), nullptr, &first), 0) << "and leaves no entry";
}

TEST_F(Fsm, LaterFragmentsPass)
{
	pkt p = context(flow("10.0.0.1", 0, "10.0.0.2", 0, 6));
	p.flags = PKT_FRAGMENT | PKT_LATER_FRAGMENT;
	EXPECT_TRUE(left(run(read_, frame(0), p), valid, frame(0)));
	EXPECT_TRUE(left(run(write_, frame(SYN), p), 0, frame(SYN)));
	flow_key first;
	EXPECT_NE(bpf_map_get_next_key(state("FSM"), nullptr, &first), 0);
}

TEST_F(Fsm, EveryPrefix)
{
	Bytes whole = frame(SYN);
	for (std::size_t size = 14; size < whole.size(); size++) {
		Bytes prefix(whole.begin(), whole.begin() + static_cast<long>(size));
		EXPECT_TRUE(dropped(run(read_, prefix, context(key)), "truncated")) << size;
		EXPECT_TRUE(dropped(run(write_, prefix, context(key)), "truncated")) << size;
	}
	pkt p = context(key);
	p.l3_len = 39;
	EXPECT_TRUE(dropped(run(read_, whole, p), "truncated"));
	EXPECT_FALSE(half_open());
}

} // namespace
} // namespace nfup::test
