// SPDX-License-Identifier: BSD-2-Clause
// SYNChallenge, CheckSYNCookie, ReadClient and WriteClient: who resets the challenge with the
// number in it gets packets at its address.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "bpf/atoms/client_entry.h"
#include "flow.h"
#include "nat_fixture.h"

namespace nfup::test {
namespace {

class SynCookie : public NodeTest, public testing::WithParamInterface<int> {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		check_ = load(six() ? "CheckIP6Header" : "CheckIPHeader");
		challenge_ = load("SYNChallenge");
		answer_ = load("CheckSYNCookie", {}, {100, no_slot});
	}
	bool six() const { return GetParam() == 6; }
	Packet from(const std::string& a, const std::string& b) const
	{
		return six() ? Ethernet{} / IPv6{.src = "2001:db8::" + a, .dst = "2001:db8::" + b}
			     : Ethernet{} / IPv4{.src = "10.0.0." + a, .dst = "10.0.0." + b};
	}
	pkt context(const Bytes& frame)
	{
		pkt p{};
		p.cursor = 14;
		return run(check_, frame, p).context;
	}
	Outcome challenge(const Bytes& frame) { return run(challenge_, frame, context(frame)); }
	Outcome answer(const Bytes& frame) { return run(answer_, frame, context(frame)); }
	static std::uint32_t word(const Bytes& frame, std::size_t at)
	{
		return static_cast<std::uint32_t>(frame[at]) << 24 | static_cast<std::uint32_t>(frame[at + 1]) << 16 |
		       static_cast<std::uint32_t>(frame[at + 2]) << 8 | frame[at + 3];
	}
	std::uint32_t number(const Bytes& syn) { return word(challenge(syn).frame, (six() ? 54u : 34u) + 8); }

	Object check_, challenge_, answer_;
};

INSTANTIATE_TEST_SUITE_P(Families, SynCookie, testing::Values(4, 6),
			 [](const auto& family) { return family.param == 6 ? "IPv6" : "IPv4"; });

TEST_P(SynCookie, TheChallengeIsASegmentToResetAndHasRightChecksums)
{
	const Bytes syn = from("1", "2") / TCP{.flags = SYN, .seq = 77, .options = {2, 4, 5, 180}} / Payload::of(6);
	auto outcome = challenge(syn);
	ASSERT_EQ(outcome.output, 0);
	const std::uint32_t cookie = number(syn);
	const Ethernet back{.dst = {2, 0, 0, 0, 0, 1}, .src = {2, 0, 0, 0, 0, 2}};
	const TCP want{.sport = 80, .dport = 1000, .flags = SYN | ACK, .seq = 0, .ack = cookie, .window = 0};
	const Bytes expected =
	    six() ? back / IPv6{.src = "2001:db8::2", .dst = "2001:db8::1"} / want
		  : back / IPv4{.src = "10.0.0.2", .dst = "10.0.0.1", .id = 0, .dont_fragment = true} / want;
	EXPECT_EQ(outcome.frame, expected);
	EXPECT_EQ(outcome.context.flow,
		  six() ? flow("2001:db8::2", 80, "2001:db8::1", 1000, 6) : flow("10.0.0.2", 80, "10.0.0.1", 1000, 6));
	EXPECT_EQ(challenge(expected).output, 1) << "what is no SYN stays";
}

TEST_P(SynCookie, OnlyTheRightResetAnswers)
{
	const std::uint32_t cookie = number(from("1", "2") / TCP{.flags = SYN, .seq = 77});
	auto reset = [&](const std::string& a, TCP tcp) {
		tcp.flags = tcp.flags == ACK ? RST : tcp.flags;
		return answer(from(a, "2") / tcp);
	};
	EXPECT_EQ(reset("1", {.seq = cookie, .ack = 0}).output, 0);
	// a cookie has room for four MSS values: its neighbours would do
	EXPECT_TRUE(dropped(reset("1", {.seq = cookie + 16, .ack = 0}), "state-invalid"));
	EXPECT_TRUE(dropped(reset("3", {.seq = cookie, .ack = 0}), "state-invalid")) << "another address";
	EXPECT_TRUE(dropped(reset("1", {.sport = 1001, .seq = cookie, .ack = 0}), "state-invalid")) << "another port";
	EXPECT_TRUE(dropped(reset("1", {.flags = SYN, .seq = cookie, .ack = 0}), "state-invalid"));
}

TEST_P(SynCookie, ClientsAreNotedAndForgotten)
{
	auto read = load("ReadClient", Params().set("TIMEOUT", 3600 * second));
	auto write = load("WriteClient", Params().set("TIMEOUT", 3600 * second).set("FULL", 1u));
	const Bytes one = from("1", "2") / TCP{.flags = SYN}, other = from("3", "2") / TCP{.flags = SYN};
	EXPECT_TRUE(left(run(read, one, context(one)), 1, one));
	EXPECT_TRUE(left(run(write, one, context(one)), 0, one));
	EXPECT_TRUE(left(run(read, one, context(one)), 0, one));
	EXPECT_TRUE(left(run(read, other, context(other)), 1, other));

	client_key key;
	client_entry e{};
	ASSERT_EQ(bpf_map_get_next_key(state("CLIENT"), nullptr, &key), 0);
	ASSERT_EQ(bpf_map_lookup_elem(state("CLIENT"), &key, &e), 0);
	e.last_seen -= 3601 * second;
	e.checked -= 1'000'000;
	ASSERT_EQ(bpf_map_update_elem(state("CLIENT"), &key, &e, BPF_EXIST), 0);
	EXPECT_TRUE(left(run(read, one, context(one)), 1, one));
	EXPECT_TRUE(left(run(write, one, context(one)), 0, one));
	EXPECT_TRUE(left(run(read, one, context(one)), 0, one));
}

} // namespace
} // namespace nfup::test
