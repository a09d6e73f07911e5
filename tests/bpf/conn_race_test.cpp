// SPDX-License-Identifier: BSD-2-Clause
// Two CPUs at one connection: the directions of a flow, or two copies of a packet, run side
// by side. No step of the connection is lost, none is noted twice, none stays stuck, and no
// open one is thrown away.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <thread>

#include "bpf/atoms/conn_entry.h"
#include "harness.h"
#include "samples.h"
#include "statemaps/queue.h"

namespace nfup::test {
namespace {

// Verdicts behind the chain.
constexpr unsigned established = 1000, noted = 1001;

class ConnRace : public NodeTest {
protected:
	static constexpr unsigned read_slot = 70, write_slot = 71;

	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		if (std::thread::hardware_concurrency() < 2)
			GTEST_SKIP() << "needs two CPUs";
		check_ = load("CheckIPHeader", sample_params("CheckIPHeader"), {read_slot, no_slot});
		read_ = load("ReadConn", sample_params("ReadConn"), {100, write_slot, 102, no_slot, no_slot});
		write_ = load("WriteConn", sample_params("WriteConn"), {101});
		put(read_slot, read_.program);
		put(write_slot, write_.program);
		pkt start{};
		start.cursor = 14;
		nanoseconds(check_.program, a(1, {}), start, 1); // sets it on all CPUs; no node changes it
		clear_states();
	}

	static Bytes a(unsigned port, TCP tcp)
	{
		tcp.sport = static_cast<std::uint16_t>(port);
		return Ethernet{} / IPv4{} / tcp;
	}
	static Bytes b(unsigned port, TCP tcp)
	{
		tcp.sport = 80;
		tcp.dport = static_cast<std::uint16_t>(port);
		return Ethernet{} / IPv4{.src = "10.0.0.2", .dst = "10.0.0.1"} / tcp;
	}
	// The same datagram from either side.
	static Bytes udp_from(unsigned side, unsigned port)
	{
		const auto mine = static_cast<std::uint16_t>(port);
		if (side == 0)
			return Ethernet{} / IPv4{} / UDP{.sport = mine, .dport = 53};
		return Ethernet{} / IPv4{.src = "10.0.0.2", .dst = "10.0.0.1"} / UDP{.sport = 53, .dport = mine};
	}
	unsigned send(const Bytes& frame) const
	{
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
			    .data_size_in = static_cast<__u32>(frame.size()), .repeat = 1);
		return bpf_prog_test_run_opts(check_.program, &options) ? ~0u : options.retval;
	}
	void handshake(unsigned port)
	{
		EXPECT_EQ(send(a(port, {.flags = SYN, .seq = 1000, .ack = 0})), noted);
		EXPECT_EQ(send(b(port, {.flags = SYN | ACK, .seq = 5000, .ack = 1001})), established);
		EXPECT_EQ(send(a(port, {.seq = 1001, .ack = 5001})), established);
	}

	// The two packets of every round, each on a CPU of its own, at the same time. Returns
	// their verdicts.
	using Round = std::array<Bytes, 2>;
	std::vector<std::array<unsigned, 2>> race(const std::vector<Round>& rounds) const
	{
		std::vector<std::array<unsigned, 2>> verdicts(rounds.size());
		std::array<std::atomic<std::size_t>, 2> ready{};
		std::vector<std::thread> senders;
		for (unsigned side = 0; side < 2; side++)
			senders.emplace_back([&, side] {
				cpu_set_t own;
				CPU_ZERO(&own);
				CPU_SET(side, &own);
				sched_setaffinity(0, sizeof own, &own);
				for (std::size_t i = 0; i < rounds.size(); i++) {
					ready[side] = i + 1;
					while (ready[1 - side] < i + 1)
						;
					verdicts[i][side] = send(rounds[i][side]);
				}
			});
		for (auto& sender : senders)
			sender.join();
		return verdicts;
	}

	static conn_key key(unsigned port, unsigned other = 80, unsigned proto = 6)
	{
		conn_key k{};
		k.saddr[10] = k.saddr[11] = k.daddr[10] = k.daddr[11] = 0xff;
		k.saddr[12] = k.daddr[12] = 10;
		k.saddr[15] = 1;
		k.daddr[15] = 2;
		k.sport = htons(static_cast<std::uint16_t>(port));
		k.dport = htons(static_cast<std::uint16_t>(other));
		k.proto = static_cast<__u8>(proto);
		k.family = 4;
		return k;
	}
	std::optional<conn_entry> entry(const conn_key& k)
	{
		conn_entry e{};
		if (bpf_map_lookup_elem(state("CONN"), &k, &e))
			return std::nullopt;
		return e;
	}
	// Connections at these ports, as the one at port 1000 is.
	void copies()
	{
		const auto pattern = entry(key(1000));
		ASSERT_TRUE(pattern);
		for (unsigned port = first; port < first + count; port++) {
			const conn_key k = key(port);
			ASSERT_EQ(bpf_map_update_elem(state("CONN"), &k, &*pattern, BPF_ANY), 0);
		}
	}
	// How many of them are in each state; none is locked.
	std::map<unsigned, unsigned> states_of(unsigned from, unsigned many)
	{
		std::map<unsigned, unsigned> found;
		for (unsigned port = from; port < from + many; port++) {
			const auto e = entry(key(port));
			EXPECT_EQ(e->busy, 0u);
			found[e->state]++;
		}
		return found;
	}
	std::vector<conn_key> keys()
	{
		std::vector<conn_key> all;
		conn_key at{}, next{};
		for (const void* from = nullptr; !bpf_map_get_next_key(state("CONN"), from, &next); from = &at) {
			at = next;
			all.push_back(at);
		}
		return all;
	}
	// Each entry has its key in the queue once: else it would stay for ever, or be looked at twice.
	void expect_each_queued_once()
	{
		std::map<std::string, unsigned> queued;
		conn_key k{};
		auto name = [](const conn_key& of) {
			return std::string(reinterpret_cast<const char*>(&of), sizeof of);
		};
		while (!bpf_map_lookup_and_delete_elem(state(statemaps::queue_of("CONN")), nullptr, &k))
			queued[name(k)]++;
		for (const conn_key& of : keys())
			EXPECT_EQ(queued[name(of)], 1u) << ntohs(of.sport);
	}
	void clear_states()
	{
		conn_key k{};
		for (const conn_key& of : keys())
			bpf_map_delete_elem(state("CONN"), &of);
		while (!bpf_map_lookup_and_delete_elem(state(statemaps::queue_of("CONN")), nullptr, &k))
			;
	}

	static constexpr unsigned first = 2000, count = 4000; // ports
	Object check_, read_, write_;
};

using States = std::map<unsigned, unsigned>;

// Of two steps at once one would be lost if they did not exclude each other: FIN_WAIT.
TEST_F(ConnRace, BothFINsAtOnce)
{
	handshake(1000);
	copies();
	std::vector<Round> rounds;
	for (unsigned port = first; port < first + count; port++)
		rounds.push_back({a(port, {.flags = FIN | ACK, .seq = 1001, .ack = 5001}),
				  b(port, {.flags = FIN | ACK, .seq = 5001, .ack = 1001})});
	for (const auto& [one, other] : race(rounds))
		EXPECT_EQ(std::max(one, other), established);
	EXPECT_EQ(states_of(first, count), (States{{CONN_LAST_ACK, count}}));
}

// The SYN is sent again while its answer comes: the handshake goes on.
TEST_F(ConnRace, ASYNSentAgainAndItsAnswer)
{
	EXPECT_EQ(send(a(1000, {.flags = SYN, .seq = 1000, .ack = 0})), noted);
	copies();
	std::vector<Round> rounds, last;
	for (unsigned port = first; port < first + count; port++) {
		rounds.push_back({a(port, {.flags = SYN, .seq = 1000, .ack = 0}),
				  b(port, {.flags = SYN | ACK, .seq = 5000, .ack = 1001})});
		last.push_back({a(port, {.seq = 1001, .ack = 5001}), b(port, {.seq = 5001, .ack = 1001})});
	}
	for (const auto& [one, other] : race(rounds)) {
		EXPECT_TRUE(one == noted || one == established) << one;
		EXPECT_EQ(other, established);
	}
	EXPECT_EQ(states_of(first, count), (States{{CONN_SYN_RECV, count}}));
	for (const auto& [one, other] : race(last)) {
		EXPECT_EQ(one, established);
		EXPECT_EQ(other, established);
	}
	EXPECT_EQ(states_of(first, count), (States{{CONN_ESTABLISHED, count}}));
}

// Both ends send their first datagram at once: one connection.
TEST_F(ConnRace, TwoThatBegin)
{
	std::vector<Round> rounds;
	for (unsigned port = first; port < first + count; port++)
		rounds.push_back({udp_from(0, port), udp_from(1, port)});
	for (const auto& verdicts : race(rounds))
		for (unsigned verdict : verdicts)
			EXPECT_TRUE(verdict == noted || verdict == established) << verdict;
	EXPECT_EQ(keys().size(), count);
	race(rounds);
	for (unsigned port = first; port < first + count; port++)
		EXPECT_TRUE(entry(key(port, 53, 17))->flags & CONN_REPLIED) << port;
	for (const auto& [one, other] : race(rounds)) {
		EXPECT_EQ(one, established);
		EXPECT_EQ(other, established);
	}
	EXPECT_EQ(keys().size(), count);
	expect_each_queued_once();
}

// A connection that is over begins anew, by two copies of a SYN.
TEST_F(ConnRace, ANewOneInThePlaceOfTheOld)
{
	handshake(1000);
	EXPECT_EQ(send(a(1000, {.flags = FIN | ACK, .seq = 1001, .ack = 5001})), established);
	EXPECT_EQ(send(b(1000, {.flags = FIN | ACK, .seq = 5001, .ack = 1002})), established);
	EXPECT_EQ(send(a(1000, {.seq = 1002, .ack = 5002})), established);
	ASSERT_EQ(entry(key(1000))->state, CONN_TIME_WAIT);
	copies();
	std::vector<Round> rounds;
	for (unsigned port = first; port < first + count; port++)
		rounds.push_back({a(port, {.flags = SYN, .seq = 900'000, .ack = 0}),
				  a(port, {.flags = SYN, .seq = 900'000, .ack = 0})});
	for (const auto& [one, other] : race(rounds))
		EXPECT_TRUE(one == noted || other == noted) << one << " " << other;
	EXPECT_EQ(states_of(first, count), (States{{CONN_SYN_SENT, count}}));
	unsigned answered = 0;
	for (unsigned port = first; port < first + count; port++) {
		answered += send(b(port, {.flags = SYN | ACK, .seq = 70'000, .ack = 900'001})) == established;
		answered += send(a(port, {.seq = 900'001, .ack = 70'001})) == established;
	}
	EXPECT_EQ(answered, 2 * count);
	EXPECT_EQ(states_of(first, count), (States{{CONN_ESTABLISHED, count}}));
}

class ConnRaceFull : public ConnRace {
protected:
	static constexpr unsigned room = 64;

	void SetUp() override
	{
		capacity("CONN", room);
		capacity(statemaps::queue_of("CONN"), 2 * room);
		ConnRace::SetUp();
	}
};

// Two CPUs that look for room push out half-open connections, and no other.
TEST_F(ConnRaceFull, NoOpenConnectionGivesWay)
{
	constexpr unsigned open = room / 2;
	for (unsigned port = 1000; port < 1000 + open; port++)
		handshake(port);
	std::vector<Round> rounds;
	for (unsigned port = first; port < first + count; port++)
		rounds.push_back({a(port, {.flags = SYN, .ack = 0}), a(port + count, {.flags = SYN, .ack = 0})});
	unsigned passed = 0;
	for (const auto& [one, other] : race(rounds))
		passed += (one == noted) + (other == noted);
	EXPECT_EQ(states_of(1000, open), (States{{CONN_ESTABLISHED, open}}));
	EXPECT_GT(passed, 2 * count * 9 / 10);
	EXPECT_LE(keys().size(), room);
	EXPECT_GE(keys().size(), room - 2);
	EXPECT_EQ(events(write_, NFUP_EVENT_EVICTED) + keys().size(), passed + open);
	expect_each_queued_once();
}

} // namespace
} // namespace nfup::test
