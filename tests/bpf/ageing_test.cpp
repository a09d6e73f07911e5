// SPDX-License-Identifier: BSD-2-Clause
// How FSM and WL make room by themselves, and who gives way when they cannot.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <functional>

#include "atom_fixture.h"
#include "bpf/ageing_times.h"
#include "bpf/atoms/fsm_entry.h"
#include "bpf/atoms/whitelist_entry.h"
#include "samples.h"
#include "statemaps/queue.h"

namespace nfup::test {
namespace {

constexpr unsigned refuse = 0, oldest = 1;
constexpr unsigned room = 64;

class Ageing : public AtomTest {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		for (const char* name : {"WL", "FSM"}) {
			capacity(name, room);
			capacity(statemaps::queue_of(name), 2 * room);
		}
	}
	Object write_wl(unsigned full, std::uint64_t timeout = 124 * minute)
	{
		return load("WriteWL", Params().set("TIMEOUT", timeout).set("CLOSING", 4 * minute).set("FULL", full));
	}
	Object write_fsm(unsigned full)
	{
		return load("WriteFSM", Params().set("TIMEOUT", 4 * minute).set("FULL", full));
	}
	Object read_wl() { return load("ReadWL", sample_params("ReadWL")); }

	static flow_key nth(unsigned n) { return flow("10.0.0.1", 1000 + n, "10.0.0.2", 80, 6); }
	Outcome send(const Object& node, unsigned n, unsigned flags = ACK)
	{
		return run(node, frame(flags), context(nth(n)));
	}
	// How many of the flows [from, to) got through the node.
	unsigned admitted(const Object& node, unsigned from, unsigned to, unsigned flags = ACK)
	{
		unsigned count = 0;
		for (unsigned n = from; n < to; n++) {
			const auto outcome = send(node, n, flags);
			count += outcome.output == 0;
			if (outcome.output != 0) {
				EXPECT_TRUE(dropped(outcome, "table-full")) << n;
			}
		}
		return count;
	}
	template <class Entry> std::optional<Entry> entry(const std::string& name, const flow_key& k)
	{
		Entry e{};
		if (bpf_map_lookup_elem(state(name), &k, &e))
			return std::nullopt;
		return e;
	}
	bool listed(unsigned n)
	{
		const auto e = entry<wl_entry>("WL", nth(n));
		return e && e->last_seen != AGE_OVER;
	}
	bool half_open(unsigned n)
	{
		const auto e = entry<fsm_entry>("FSM", nth(n));
		return e && e->last_seen != AGE_OVER;
	}
	unsigned count(unsigned from, unsigned to, const std::function<bool(unsigned)>& is)
	{
		unsigned sum = 0;
		for (unsigned n = from; n < to; n++)
			sum += is(n);
		return sum;
	}
	std::vector<flow_key> keys(const std::string& name)
	{
		std::vector<flow_key> all;
		flow_key at{}, next{};
		for (void* previous = nullptr; bpf_map_get_next_key(state(name), previous, &next) == 0;) {
			all.push_back(at = next);
			previous = &at;
		}
		return all;
	}
	// As if it had begun that much earlier, and nothing had come since.
	template <class Entry> void age(const std::string& name, const flow_key& k, std::uint64_t by)
	{
		auto e = entry<Entry>(name, k);
		ASSERT_TRUE(e);
		if (e->last_seen == AGE_OVER)
			return;
		e->last_seen -= by;
		ASSERT_EQ(bpf_map_update_elem(state(name), &k, &*e, BPF_EXIST), 0);
	}
	template <class Entry> void age_all(const std::string& name, std::uint64_t by)
	{
		for (const flow_key& k : keys(name))
			age<Entry>(name, k, by);
	}
	// Takes the queue apart: each entry's key is in it once, and nothing else.
	void expect_each_key_once(const std::string& name)
	{
		std::map<Bytes, unsigned> queued;
		flow_key k{};
		while (bpf_map_lookup_and_delete_elem(state(statemaps::queue_of(name)), nullptr, &k) == 0) {
			const auto* bytes = reinterpret_cast<const std::uint8_t*>(&k);
			queued[{bytes, bytes + sizeof k}]++;
			EXPECT_TRUE(entry<wl_entry>(name, k)) << "a key without an entry";
		}
		EXPECT_EQ(queued.size(), keys(name).size());
		for (const auto& [bytes, times] : queued)
			EXPECT_EQ(times, 1u);
	}
	std::uint64_t expired(const Object& node) { return events(node, NFUP_EVENT_EXPIRED); }
	std::uint64_t evicted(const Object& node) { return events(node, NFUP_EVENT_EVICTED); }
};

TEST_F(Ageing, AllOfTheTableCanBeUsed)
{
	auto node = write_wl(refuse);
	EXPECT_EQ(admitted(node, 0, room), room);
	EXPECT_EQ(keys("WL").size(), room);
	EXPECT_EQ(expired(node) + evicted(node), 0u);
	expect_each_key_once("WL");
}

TEST_F(Ageing, ExpiredFlowsMakeRoom)
{
	auto node = write_wl(refuse);
	admitted(node, 0, room);
	age_all<wl_entry>("WL", 125 * minute);
	EXPECT_EQ(admitted(node, room, 2 * room), room);
	EXPECT_EQ(count(room, 2 * room, [&](unsigned n) { return listed(n); }), room);
	EXPECT_EQ(expired(node), room);
	EXPECT_EQ(evicted(node), 0u);
	EXPECT_TRUE(drops(node).empty());
	expect_each_key_once("WL");
}

// Nobody asks for them again: other flows' coming is enough.
TEST_F(Ageing, FlowsWithoutTrafficGoWhenOthersCome)
{
	auto node = write_wl(refuse);
	admitted(node, 0, room / 2);
	age_all<wl_entry>("WL", 125 * minute);
	admitted(node, room, room + room / 4);
	EXPECT_EQ(count(0, room / 2, [&](unsigned n) { return entry<wl_entry>("WL", nth(n)).has_value(); }), 0u);
	EXPECT_EQ(keys("WL").size(), room / 4);
}

TEST_F(Ageing, OneThatExpiredIsFound)
{
	auto node = write_wl(refuse);
	admitted(node, 0, room);
	age<wl_entry>("WL", nth(37), 125 * minute);
	// a packet that is refused has looked at a part of the queue
	unsigned tries = 1;
	while (send(node, room).output != 0 && tries < 10)
		tries++;
	EXPECT_LE(tries, room / 16);
	EXPECT_FALSE(listed(37));
	EXPECT_TRUE(listed(room));
	EXPECT_EQ(keys("WL").size(), room);
	expect_each_key_once("WL");
}

TEST_F(Ageing, RefusedWhileAllLive)
{
	auto node = write_wl(refuse);
	admitted(node, 0, room);
	EXPECT_EQ(admitted(node, room, 2 * room), 0u);
	EXPECT_EQ(drops(node)["table-full"], room);
	EXPECT_EQ(evicted(node), 0u);
	EXPECT_EQ(count(0, room, [&](unsigned n) { return listed(n); }), room);
	EXPECT_EQ(send(node, 5).output, 0) << "listed already";
	expect_each_key_once("WL");
}

TEST_F(Ageing, AnIdleOneGivesWayIfTold)
{
	auto node = write_wl(oldest);
	ASSERT_EQ(admitted(node, 0, room), room);
	for (unsigned n = 0; n < room; n++)
		if (n % 4 == 0)
			age<wl_entry>("WL", nth(n), minute);
	for (unsigned n = room; n < room + 4; n++) {
		EXPECT_EQ(send(node, n).output, 0);
		EXPECT_TRUE(listed(n));
	}
	EXPECT_EQ(evicted(node), 4u);
	EXPECT_EQ(expired(node), 0u);
	EXPECT_TRUE(drops(node).empty());
	EXPECT_EQ(count(0, room, [&](unsigned n) { return n % 4 != 0 && listed(n); }), 3 * room / 4)
	    << "those in use stay";
	EXPECT_EQ(keys("WL").size(), room);
	expect_each_key_once("WL");
}

// What is restored after a reboot may have been seen before the clock began.
TEST_F(Ageing, SeenBeforeTheClockBeganIsIdlest)
{
	auto node = write_wl(oldest, 10000 * 60 * minute);
	ASSERT_EQ(admitted(node, 0, room), room);
	for (unsigned n = 0; n < room; n++)
		if (n % 4 == 0)
			age<wl_entry>("WL", nth(n), now() + minute);
	for (unsigned n = room; n < room + 4; n++)
		EXPECT_EQ(send(node, n).output, 0);
	EXPECT_EQ(evicted(node), 4u);
	EXPECT_EQ(count(0, room, [&](unsigned n) { return n % 4 != 0 && listed(n); }), 3 * room / 4);
}

TEST_F(Ageing, ClosingFlowsGoSooner)
{
	auto node = write_wl(refuse), reader = read_wl();
	admitted(node, 0, room);
	for (unsigned n = 0; n < room; n++)
		if (n % 2)
			send(reader, n, FIN | ACK);
	age_all<wl_entry>("WL", 5 * minute);
	EXPECT_EQ(admitted(node, room, room + room / 2), room / 2);
	EXPECT_EQ(count(0, room, [&](unsigned n) { return n % 2 == 0 && listed(n); }), room / 2);
	EXPECT_EQ(count(0, room, [&](unsigned n) { return n % 2 && listed(n); }), 0u);
}

// What an upgrade does that changes only the parameter.
TEST_F(Ageing, AnotherTimeoutIsForThoseThatAreThere)
{
	auto node = write_wl(refuse);
	admitted(node, 0, room);
	age_all<wl_entry>("WL", 60 * minute);
	auto longer = write_wl(refuse, 300 * minute), shorter = write_wl(refuse, 30 * minute);
	EXPECT_EQ(admitted(longer, room, room + 8), 0u);
	EXPECT_EQ(admitted(shorter, room, 2 * room), room);
	age_all<wl_entry>("WL", 200 * minute);
	EXPECT_EQ(admitted(longer, 2 * room, 2 * room + 8), 0u);
	EXPECT_EQ(admitted(node, 2 * room, 2 * room + 8), 8u);
}

TEST_F(Ageing, WhatUserSpaceWroteAgesToo)
{
	auto node = write_wl(refuse), reader = read_wl();
	const wl_entry restored{.created = now(), .last_seen = now(), .closing = WL_OPEN, .checked = 0};
	for (unsigned n = 0; n < room; n++) {
		const flow_key k = nth(n);
		ASSERT_EQ(bpf_map_update_elem(state("WL"), &k, &restored, BPF_ANY), 0);
		ASSERT_TRUE(statemaps::push_key(state("WL_QUEUE"), reinterpret_cast<const std::uint8_t*>(&k)));
	}
	EXPECT_EQ(admitted(node, room, room + 1), 0u);
	for (unsigned n = 0; n < room; n++)
		EXPECT_EQ(send(reader, n).output, 0) << n;
	age_all<wl_entry>("WL", 125 * minute);
	EXPECT_EQ(admitted(node, room, 2 * room), room);
	expect_each_key_once("WL");
}

TEST_F(Ageing, AFullQueueIsSaid)
{
	auto node = write_wl(refuse);
	const flow_key k = nth(0);
	const auto* bytes = reinterpret_cast<const std::uint8_t*>(&k);
	for (unsigned n = 0; n < 2 * room; n++)
		ASSERT_TRUE(statemaps::push_key(state("WL_QUEUE"), bytes));
	const auto pushed = statemaps::push_key(state("WL_QUEUE"), bytes);
	ASSERT_FALSE(pushed);
	EXPECT_EQ(pushed.error().kind, ErrorKind::refused);
	EXPECT_EQ(admitted(node, 1, room + 1), room) << "keys without entries are forgotten";
	expect_each_key_once("WL");
}

TEST_F(Ageing, WhatUserSpaceDeletedLeavesNothing)
{
	auto node = write_wl(refuse);
	admitted(node, 0, room);
	for (const flow_key& k : keys("WL"))
		ASSERT_EQ(bpf_map_delete_elem(state("WL"), &k), 0);
	EXPECT_EQ(admitted(node, room, 2 * room), room);
	expect_each_key_once("WL");
}

// One flow after the other between the same ports: one entry, one key.
TEST_F(Ageing, AFlowThatBeginsAnewTakesItsOldEntry)
{
	auto node = write_wl(refuse), reader = read_wl();
	admitted(node, 0, 4);
	for (unsigned i = 0; i < 10 * room; i++) {
		send(reader, 0, RST);
		EXPECT_EQ(send(reader, 0, SYN).output, 1) << "a new connection";
		EXPECT_FALSE(listed(0));
		EXPECT_EQ(send(reader, 0).output, 1) << "which is not listed yet";
		EXPECT_EQ(send(node, 0).output, 0);
		EXPECT_EQ(send(reader, 0).output, 0);
	}
	EXPECT_EQ(entry<wl_entry>("WL", nth(0))->closing, WL_OPEN);
	EXPECT_EQ(keys("WL").size(), 4u);
	expect_each_key_once("WL");
}

TEST_F(Ageing, WhatIsBeingDeletedIsLeftAlone)
{
	auto node = write_wl(refuse), reader = read_wl();
	admitted(node, 0, 1);
	auto e = *entry<wl_entry>("WL", nth(0));
	e.last_seen = AGE_DELETED; // another CPU's sweep is at it
	const flow_key k = nth(0);
	ASSERT_EQ(bpf_map_update_elem(state("WL"), &k, &e, BPF_EXIST), 0);
	EXPECT_EQ(send(reader, 0).output, 1);
	EXPECT_TRUE(dropped(send(node, 0), "table-full")) << "its sender tries again";
	EXPECT_EQ(entry<wl_entry>("WL", nth(0))->last_seen, AGE_DELETED);
}

TEST_F(Ageing, AFloodOfSynsIsBounded)
{
	auto node = write_fsm(oldest);
	EXPECT_EQ(admitted(node, 0, 3 * room, SYN), 3 * room);
	EXPECT_EQ(keys("FSM").size(), room);
	EXPECT_EQ(evicted(node), 2 * room);
	EXPECT_TRUE(drops(node).empty());
	// what came while the table filled has been shuffled; from then on the oldest goes
	EXPECT_EQ(admitted(node, 3 * room, 4 * room, SYN), room);
	EXPECT_EQ(count(3 * room, 4 * room, [&](unsigned n) { return half_open(n); }), room);
	expect_each_key_once("FSM");
}

TEST_F(Ageing, AFloodOfSynsTouchesNoEstablishedFlow)
{
	auto establish = write_wl(refuse), node = write_fsm(oldest), reader = read_wl();
	admitted(establish, 0, room);
	admitted(node, 1000, 1000 + 10 * room, SYN);
	for (unsigned n = 0; n < room; n++)
		EXPECT_EQ(send(reader, n).output, 0) << n;
	EXPECT_EQ(keys("WL").size(), room);
	// and a connection that begins now gets through the handshake
	auto state_of = load("ReadFSM", sample_params("ReadFSM"));
	send(node, 5000, SYN);
	EXPECT_EQ(send(state_of, 5000, ACK).output, 2);
}

TEST_F(Ageing, SynsAreRefusedIfTold)
{
	auto node = write_fsm(refuse);
	EXPECT_EQ(admitted(node, 0, 2 * room, SYN), room);
	EXPECT_EQ(drops(node)["table-full"], room);
	EXPECT_EQ(count(0, room, [&](unsigned n) { return half_open(n); }), room);
	EXPECT_EQ(send(node, 3, SYN).output, 0) << "sent again: it is known";
	age_all<fsm_entry>("FSM", 5 * minute);
	EXPECT_EQ(admitted(node, room, 2 * room, SYN), room);
	expect_each_key_once("FSM");
}

TEST_F(Ageing, HandshakesThatTookTooLongAreNotEvicted)
{
	auto node = write_fsm(oldest);
	admitted(node, 0, room, SYN);
	age_all<fsm_entry>("FSM", 5 * minute);
	EXPECT_EQ(admitted(node, room, 2 * room, SYN), room);
	EXPECT_EQ(evicted(node), 0u);
	EXPECT_EQ(expired(node), room);
	expect_each_key_once("FSM");
}

// Many handshakes that succeed must not take the place of one that is slow.
TEST_F(Ageing, CompletedHandshakesGiveTheirRoomBack)
{
	auto node = write_fsm(oldest), establish = write_wl(oldest);
	send(node, 5000, SYN);
	for (unsigned n = 0; n < 10 * room; n++) {
		send(node, n, SYN);
		send(establish, n, ACK);
	}
	EXPECT_TRUE(half_open(5000));
	EXPECT_LE(keys("FSM").size(), 4u);
	EXPECT_EQ(evicted(node), 0u);
	for (unsigned n = 0; n < 10 * room; n++) {
		send(node, n, SYN);
		send(node, n, RST);
	}
	EXPECT_TRUE(half_open(5000));
	EXPECT_EQ(evicted(node), 0u);
	expect_each_key_once("FSM");
}

} // namespace
} // namespace nfup::test
