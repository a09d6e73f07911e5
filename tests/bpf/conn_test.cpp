// SPDX-License-Identifier: BSD-2-Clause
// ReadConn and WriteConn. tests/e2e/conntrack_oracle_test.sh compares them with the
// kernel's conntrack; here is what they promise by themselves.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <ctime>

#include "bpf/atoms/conn_entry.h"
#include "flow.h"
#include "harness.h"
#include "samples.h"

namespace nfup::test {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr int established = 0, fresh = 1, related = 2;

std::uint64_t now()
{
	timespec t{};
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return static_cast<std::uint64_t>(t.tv_sec) * second + static_cast<std::uint64_t>(t.tv_nsec);
}

// One connection between a (10.0.0.1 or 2001:db8::1) and b, over IPv4 or IPv6.
class Conn : public NodeTest, public testing::WithParamInterface<int> {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		check_ = load(six() ? "CheckIP6Header" : "CheckIPHeader");
		errors_ = load("ICMPErrorFlow");
		// not connected: invalid, untracked
		read_ = load("ReadConn", sample_params("ReadConn"), {100, 101, 102, no_slot, no_slot});
		write_ = load("WriteConn", sample_params("WriteConn"));
	}
	bool six() const { return GetParam() == 6; }

	Packet from_a() const { return six() ? Ethernet{} / IPv6{} : Ethernet{} / IPv4{}; }
	Packet from_b() const
	{
		return six() ? Ethernet{} / IPv6{.src = "2001:db8::2", .dst = "2001:db8::1"}
			     : Ethernet{} / IPv4{.src = "10.0.0.2", .dst = "10.0.0.1"};
	}
	// As ReadConn sees it in a firewall.
	pkt context(const Bytes& frame)
	{
		pkt p{};
		p.cursor = 14;
		p = run(check_, frame, p).context;
		return run(errors_, frame, p).context;
	}
	Outcome read(const Bytes& frame) { return run(read_, frame, context(frame)); }
	Outcome write(const Bytes& frame) { return run(write_, frame, context(frame)); }
	// What passes: 0 established, 1 new, noted as such, 2 related; or the reason for the drop.
	std::string pass(const Bytes& frame)
	{
		Outcome outcome = read(frame);
		if (!outcome.output)
			return outcome.drops.empty() ? "?" : outcome.drops.begin()->first;
		EXPECT_EQ(outcome.frame, frame);
		if (*outcome.output == fresh) {
			Outcome noted = write(frame);
			if (!noted.output)
				return noted.drops.empty() ? "?" : noted.drops.begin()->first;
			return "new";
		}
		return *outcome.output == established ? "established" : "related";
	}
	std::string a(TCP tcp, std::size_t payload = 0) { return pass(from_a() / tcp / Payload::of(payload)); }
	std::string b(TCP tcp, std::size_t payload = 0)
	{
		std::swap(tcp.sport, tcp.dport);
		return pass(from_b() / tcp / Payload::of(payload));
	}
	// a's sequence numbers begin at 1000, b's at 5000; windows of 1000 without scaling.
	void handshake()
	{
		EXPECT_EQ(a({.flags = SYN, .seq = 1000, .ack = 0, .window = 1000}), "new");
		EXPECT_EQ(b({.flags = SYN | ACK, .seq = 5000, .ack = 1001, .window = 1000}), "established");
		EXPECT_EQ(a({.seq = 1001, .ack = 5001, .window = 1000}), "established");
	}
	flow_key key(unsigned port = 1000, unsigned other = 80, unsigned proto = 6) const
	{
		return six() ? flow("2001:db8::1", port, "2001:db8::2", other, proto)
			     : flow("10.0.0.1", port, "10.0.0.2", other, proto);
	}
	std::optional<conn_entry> entry(const flow_key& key)
	{
		conn_entry e{};
		if (bpf_map_lookup_elem(state("CONN"), &key, &e))
			return std::nullopt;
		return e;
	}
	conn_entry tcp_entry() { return entry(key()).value_or(conn_entry{}); }
	void age(const flow_key& key, std::uint64_t by)
	{
		auto e = entry(key);
		ASSERT_TRUE(e);
		e->last_seen = now() - by;
		e->began -= by;
		e->checked -= 1'000'000;
		ASSERT_EQ(bpf_map_update_elem(state("CONN"), &key, &*e, BPF_EXIST), 0);
	}
	unsigned entries()
	{
		unsigned n = 0;
		flow_key at{}, next{};
		for (const void* from = nullptr; !bpf_map_get_next_key(state("CONN"), from, &next); n++) {
			at = next;
			from = &at;
		}
		return n;
	}

	Object check_, errors_, read_, write_;
};

INSTANTIATE_TEST_SUITE_P(Families, Conn, testing::Values(4, 6),
			 [](const auto& family) { return family.param == 6 ? "IPv6" : "IPv4"; });

TEST_P(Conn, OneEntryForBothDirections)
{
	handshake();
	EXPECT_EQ(entries(), 1u);
	EXPECT_EQ(tcp_entry().state, CONN_ESTABLISHED);
	EXPECT_EQ(tcp_entry().flags, unsigned{CONN_REPLIED | CONN_ASSURED});
	EXPECT_EQ(tcp_entry().idle, 432'000u);
	EXPECT_EQ(b({.flags = PSH | ACK, .seq = 5001, .ack = 1001}, 500), "established");
	EXPECT_EQ(tcp_entry().side[1].end, 5501u);
	EXPECT_EQ(a({.seq = 1001, .ack = 5501}), "established");
}

TEST_P(Conn, ReadingANewOneWritesNothing)
{
	EXPECT_EQ(read(from_a() / TCP{.flags = SYN}).output, fresh);
	EXPECT_EQ(entries(), 0u);
}

TEST_P(Conn, OnlyASynBeginsOne)
{
	for (unsigned flags : {ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, PSH | ACK})
		EXPECT_EQ(a({.flags = flags}), "state-invalid") << flags;
	EXPECT_EQ(entries(), 0u);
}

TEST_P(Conn, FlagsThatNoStackSends)
{
	handshake();
	for (unsigned flags : {0u, FIN, SYN | FIN, SYN | RST, FIN | RST, PSH | URG, 0x3fu})
		EXPECT_EQ(a({.flags = flags, .seq = 1001, .ack = 5001}), "bad-tcp-flags") << flags;
}

TEST_P(Conn, UntilAnAnswerTheOpenersSegmentsAreNew)
{
	EXPECT_EQ(a({.flags = SYN, .seq = 1000, .ack = 0}), "new");
	EXPECT_EQ(a({.flags = SYN, .seq = 1000, .ack = 0}), "new") << "sent again";
	EXPECT_EQ(a({.seq = 1001, .ack = 5001}), "state-invalid") << "b has not answered";
	EXPECT_EQ(b({.flags = SYN | ACK, .seq = 5000, .ack = 1001}), "established");
	EXPECT_EQ(b({.flags = SYN | ACK, .seq = 5000, .ack = 1001}), "established") << "sent again";
	EXPECT_EQ(a({.seq = 1001, .ack = 5001}), "established");
}

TEST_P(Conn, WindowsWithoutScaling)
{
	handshake();
	EXPECT_EQ(b({.seq = 5001, .ack = 1001}, 1000), "established") << "fills a's window";
	EXPECT_EQ(b({.seq = 7001, .ack = 1001}, 1), "out-of-window") << "right of it";
	EXPECT_EQ(b({.seq = 5001, .ack = 1002}), "out-of-window") << "acknowledges what was not sent";
	EXPECT_EQ(a({.seq = 1001, .ack = 6002}), "out-of-window") << "likewise";
	EXPECT_EQ(a({.seq = 1001, .ack = 6001, .window = 3000}), "established");
	EXPECT_EQ(b({.seq = 7001, .ack = 1001}, 1), "established") << "the window has opened";
	EXPECT_EQ(b({.seq = 5001, .ack = 1001}, 1000), "established") << "sent again: passes";
	EXPECT_EQ(tcp_entry().side[1].end, 7002u) << "without effect";
}

TEST_P(Conn, ScalingNeedsBoth)
{
	const Bytes scale{3, 3, 7, 1}, none{};
	for (bool both : {true, false}) {
		const auto port = static_cast<std::uint16_t>(both ? 2000 : 2001);
		a({.sport = port, .flags = SYN, .seq = 1000, .ack = 0, .options = scale, .window = 1000});
		b({.sport = port,
		   .flags = SYN | ACK,
		   .seq = 5000,
		   .ack = 1001,
		   .options = both ? scale : none,
		   .window = 1000});
		EXPECT_EQ(a({.sport = port, .seq = 1001, .ack = 5001, .window = 10}), "established");
		EXPECT_EQ(b({.sport = port, .seq = 6200, .ack = 1001}, 1), both ? "established" : "out-of-window");
	}
}

TEST_P(Conn, SequenceNumbersWrap)
{
	EXPECT_EQ(a({.flags = SYN, .seq = 0xfffffffe, .ack = 0, .window = 1000}), "new");
	EXPECT_EQ(b({.flags = SYN | ACK, .seq = 0xffffff00, .ack = 0xffffffff, .window = 1000}), "established");
	EXPECT_EQ(a({.seq = 0xffffffff, .ack = 0xffffff01}, 500), "established");
	EXPECT_EQ(b({.seq = 0xffffff01, .ack = 499}, 600), "established");
	EXPECT_EQ(a({.seq = 499, .ack = 0x159}), "established");
	EXPECT_EQ(a({.seq = 499, .ack = 0x15a}), "out-of-window");
}

TEST_P(Conn, SackCountsAsAcknowledgement)
{
	const Bytes sack_ok{4, 2, 1, 1};
	// NOP NOP SACK 5501-6001
	const Bytes block{1, 1, 5, 10, 0, 0, 0x15, 0x7d, 0, 0, 0x17, 0x71};
	for (bool offered : {true, false}) {
		const auto port = static_cast<std::uint16_t>(offered ? 2000 : 2001);
		const Bytes option = offered ? sack_ok : Bytes{};
		a({.sport = port, .flags = SYN, .seq = 1000, .ack = 0, .options = option, .window = 1000});
		b({.sport = port, .flags = SYN | ACK, .seq = 5000, .ack = 1001, .options = option, .window = 1000});
		a({.sport = port, .seq = 1001, .ack = 5001, .window = 1000});
		b({.sport = port, .seq = 5001, .ack = 1001}, 100);
		// b never sent up to 6001
		EXPECT_EQ(a({.sport = port, .seq = 1001, .ack = 5001, .options = block}),
			  offered ? "out-of-window" : "established");
		b({.sport = port, .seq = 5501, .ack = 1001}, 500);
		EXPECT_EQ(a({.sport = port, .seq = 1001, .ack = 5001, .options = block, .window = 1000}),
			  "established");
	}
}

TEST_P(Conn, AResetClosesOnlyWithTheNumberThatIsDue)
{
	handshake();
	a({.seq = 1001, .ack = 5001}, 100);
	b({.seq = 5001, .ack = 1101, .window = 1000});
	EXPECT_EQ(a({.flags = RST, .seq = 1050, .ack = 0}), "out-of-window") << "below what b has acknowledged";
	EXPECT_EQ(a({.flags = RST, .seq = 9000, .ack = 0}), "out-of-window");
	EXPECT_EQ(tcp_entry().state, CONN_ESTABLISHED);
	EXPECT_EQ(a({.flags = RST, .seq = 1200, .ack = 0}), "established") << "b may challenge it";
	EXPECT_EQ(tcp_entry().state, CONN_ESTABLISHED);
	EXPECT_EQ(tcp_entry().idle, 10u);
	EXPECT_EQ(b({.seq = 5001, .ack = 1101}), "established") << "b does";
	EXPECT_EQ(tcp_entry().idle, 300u) << "up to 1200 may have been sent, and nobody has acknowledged that";
	EXPECT_EQ(a({.flags = RST, .seq = 1101, .ack = 0}), "established");
	EXPECT_EQ(tcp_entry().state, CONN_CLOSE);
	EXPECT_EQ(tcp_entry().idle, 10u);
}

TEST_P(Conn, RefusedBeforeItBegan)
{
	EXPECT_EQ(a({.flags = SYN, .seq = 1000, .ack = 0}), "new");
	EXPECT_EQ(b({.flags = RST | ACK, .seq = 0, .ack = 1002}), "out-of-window") << "for another SYN";
	EXPECT_EQ(tcp_entry().state, CONN_SYN_SENT);
	EXPECT_EQ(b({.flags = RST | ACK, .seq = 0, .ack = 1001}), "established");
	EXPECT_EQ(tcp_entry().last_seen, 0u) << "over";
	EXPECT_EQ(b({.flags = SYN | ACK, .seq = 5000, .ack = 1001}), "state-invalid");
	EXPECT_EQ(a({.flags = SYN, .seq = 7000, .ack = 0}), "new") << "tries again";
	EXPECT_EQ(b({.flags = SYN | ACK, .seq = 5000, .ack = 7001}), "established");
}

TEST_P(Conn, SimultaneousOpen)
{
	EXPECT_EQ(a({.flags = SYN, .seq = 1000, .ack = 0}), "new");
	EXPECT_EQ(b({.flags = SYN, .seq = 5000, .ack = 0}), "established");
	EXPECT_EQ(tcp_entry().state, CONN_SYN_SENT2);
	EXPECT_EQ(a({.flags = SYN | ACK, .seq = 1000, .ack = 5001}), "established");
	EXPECT_EQ(b({.flags = SYN | ACK, .seq = 5000, .ack = 1001}), "established");
	EXPECT_EQ(b({.seq = 5001, .ack = 1001}), "established");
	EXPECT_EQ(tcp_entry().state, CONN_ESTABLISHED);
}

TEST_P(Conn, ClosingAndReuse)
{
	handshake();
	EXPECT_EQ(a({.flags = FIN | ACK, .seq = 1001, .ack = 5001}), "established");
	EXPECT_EQ(tcp_entry().state, CONN_FIN_WAIT);
	EXPECT_EQ(b({.seq = 5001, .ack = 1002}), "established");
	EXPECT_EQ(tcp_entry().state, CONN_CLOSE_WAIT);
	EXPECT_EQ(b({.seq = 5001, .ack = 1002}, 100), "established") << "half-closed: b may send";
	EXPECT_EQ(b({.flags = FIN | ACK, .seq = 5101, .ack = 1002}), "established");
	EXPECT_EQ(tcp_entry().state, CONN_LAST_ACK);
	EXPECT_EQ(tcp_entry().idle, 30u);
	EXPECT_EQ(a({.seq = 1002, .ack = 5102}), "established");
	EXPECT_EQ(tcp_entry().state, CONN_TIME_WAIT);
	EXPECT_EQ(tcp_entry().idle, 120u);
	EXPECT_EQ(a({.flags = SYN, .seq = 90000, .ack = 0}), "new") << "RFC 9293 section 3.6.1";
	EXPECT_EQ(tcp_entry().state, CONN_SYN_SENT);
	EXPECT_EQ(tcp_entry().flags, 0u);
	EXPECT_EQ(b({.flags = SYN | ACK, .seq = 70000, .ack = 90001}), "established");
}

TEST_P(Conn, ASynOnAnOpenConnectionPassesWithoutEffect)
{
	handshake();
	EXPECT_EQ(a({.flags = SYN, .seq = 1500, .ack = 0}), "established");
	EXPECT_EQ(tcp_entry().state, CONN_ESTABLISHED);
	EXPECT_EQ(b({.seq = 5001, .ack = 1001}), "established") << "the challenge";
	EXPECT_EQ(b({.flags = SYN, .seq = 5500, .ack = 0}), "state-invalid") << "but b's does not";
	EXPECT_EQ(a({.seq = 1001, .ack = 5001}), "established");
}

TEST_P(Conn, WhatIsIdleForTooLongIsUnknown)
{
	handshake();
	age(key(), 431'000 * second);
	EXPECT_EQ(a({.seq = 1001, .ack = 5001}), "established");
	age(key(), 433'000 * second);
	EXPECT_EQ(a({.seq = 1001, .ack = 5001}), "state-invalid");
	EXPECT_EQ(b({.seq = 5001, .ack = 1001}), "state-invalid");
	EXPECT_EQ(a({.flags = SYN, .seq = 1, .ack = 0}), "new");
	EXPECT_EQ(tcp_entry().state, CONN_SYN_SENT);
	EXPECT_EQ(entries(), 1u);
}

TEST_P(Conn, ARepeatedSynDoesNotKeepItAlive)
{
	EXPECT_EQ(a({.flags = SYN, .seq = 1000, .ack = 0}), "new");
	age(key(), 60 * second);
	const auto before = tcp_entry().last_seen;
	EXPECT_EQ(a({.flags = SYN, .seq = 1000, .ack = 0}), "new");
	EXPECT_EQ(tcp_entry().last_seen, before);
}

// Saved or copied while a packet held it.
TEST_P(Conn, ALockThatStaysIsTakenOver)
{
	handshake();
	auto e = tcp_entry();
	e.busy = 1;
	const flow_key k = key();
	ASSERT_EQ(bpf_map_update_elem(state("CONN"), &k, &e, BPF_EXIST), 0);
	EXPECT_EQ(a({.seq = 1001, .ack = 5001}), "established");
	EXPECT_EQ(tcp_entry().busy, 0u);
}

TEST_P(Conn, Udp)
{
	const Packet query = from_a() / UDP{} / Payload::of(20), answer = from_b() / UDP{.sport = 53, .dport = 1000};
	const flow_key k = key(1000, 53, 17);
	EXPECT_EQ(pass(query), "new");
	EXPECT_EQ(pass(query), "new") << "unanswered";
	EXPECT_EQ(entry(k)->idle, 30u);
	EXPECT_EQ(pass(answer), "established");
	EXPECT_EQ(pass(query), "established");
	EXPECT_EQ(entry(k)->idle, 30u);
	age(k, 3 * second);
	EXPECT_EQ(pass(answer), "established");
	EXPECT_EQ(entry(k)->idle, 120u) << "both ways for more than 2 s";
	age(k, 119 * second);
	EXPECT_EQ(pass(answer), "established");
	age(k, 121 * second);
	EXPECT_EQ(pass(answer), "new") << "begins anew, from the other end";
	EXPECT_EQ(entry(k)->opener, 1u);
	EXPECT_EQ(entry(k)->flags, 0u);
}

TEST_P(Conn, Echo)
{
	auto ask = [&](std::uint16_t id) -> Packet {
		return six() ? from_a() / ICMP6{.id = id} : from_a() / ICMP{.id = id};
	};
	auto answer = [&](std::uint16_t id) -> Packet {
		return six() ? from_b() / ICMP6{.type = 129, .id = id} : from_b() / ICMP{.type = 0, .id = id};
	};
	auto ask_back = [&](std::uint16_t id) -> Packet {
		return six() ? from_b() / ICMP6{.id = id} : from_b() / ICMP{.id = id};
	};
	EXPECT_EQ(pass(answer(7)), "state-invalid") << "nobody has asked";
	EXPECT_EQ(pass(ask(7)), "new");
	EXPECT_EQ(pass(answer(8)), "state-invalid") << "another identifier";
	EXPECT_EQ(pass(answer(7)), "established");
	EXPECT_EQ(pass(ask(7)), "established");
	EXPECT_EQ(pass(ask_back(7)), "new") << "a query of its own";
	EXPECT_EQ(entries(), 2u);
}

TEST_P(Conn, OtherProtocols)
{
	auto gre = [&](bool back) -> Packet {
		if (six())
			return Ethernet{} /
			       IPv6{.src = back ? "2001:db8::2" : "2001:db8::1",
				    .dst = back ? "2001:db8::1" : "2001:db8::2",
				    .next = std::uint8_t{47}} /
			       Payload::of(20);
		return Ethernet{} /
		       IPv4{.src = back ? "10.0.0.2" : "10.0.0.1",
			    .dst = back ? "10.0.0.1" : "10.0.0.2",
			    .proto = std::uint8_t{47}} /
		       Payload::of(20);
	};
	EXPECT_EQ(pass(gre(false)), "new");
	EXPECT_EQ(pass(gre(true)), "established");
	EXPECT_EQ(pass(gre(false)), "established");
	EXPECT_EQ(entry(key(0, 0, 47))->idle, 600u);
}

// The datagram of a frame, as errors quote it.
Payload quote(const Bytes& frame)
{
	return Bytes(frame.begin() + 14, frame.end());
}

TEST_P(Conn, ErrorsAboutWhatIsKnown)
{
	auto error = [&](const std::string& to, const Bytes& about) -> Packet {
		if (six())
			return Ethernet{} / IPv6{.src = "2001:db8::ff", .dst = to} /
			       ICMP6{.type = 1, .id = 0, .seq = 0} / quote(about);
		return Ethernet{} / IPv4{.src = "10.9.9.9", .dst = to} / ICMP{.type = 3, .id = 0, .seq = 0} /
		       quote(about);
	};
	const std::string a_addr = six() ? "2001:db8::1" : "10.0.0.1", b_addr = six() ? "2001:db8::2" : "10.0.0.2";
	const Bytes echo = six() ? from_a() / ICMP6{} : from_a() / ICMP{};
	const Bytes reply = six() ? from_b() / ICMP6{.type = 129} : from_b() / ICMP{.type = 0};

	const Bytes sent = from_a() / TCP{.flags = SYN};
	EXPECT_EQ(pass(error(a_addr, sent)), "state-invalid") << "nothing was sent";
	handshake();
	const auto before = tcp_entry();
	EXPECT_EQ(pass(error(a_addr, sent)), "related");
	EXPECT_EQ(pass(error(b_addr, from_b() / TCP{.sport = 80, .dport = 1000})), "related") << "either way";
	EXPECT_EQ(pass(error(b_addr, sent)), "state-invalid") << "not to the one who sent it";
	EXPECT_EQ(pass(error(a_addr, from_a() / TCP{.sport = 1001})), "state-invalid") << "another connection";
	EXPECT_EQ(tcp_entry().last_seen, before.last_seen);
	EXPECT_EQ(tcp_entry().state, before.state);

	pass(from_a() / UDP{});
	EXPECT_EQ(pass(error(a_addr, from_a() / UDP{})), "related");
	EXPECT_EQ(pass(error(a_addr, echo)), "state-invalid");
	pass(echo);
	EXPECT_EQ(pass(error(a_addr, echo)), "related");
	EXPECT_EQ(pass(error(b_addr, reply)), "related");
	EXPECT_EQ(pass(error(a_addr, reply)), "state-invalid");
}

TEST_P(Conn, WhatBelongsToNoConnection)
{
	const Bytes frame = from_a() / UDP{} / Payload::of(20);
	pkt p = context(frame);
	p.flags = PKT_FRAGMENT | PKT_LATER_FRAGMENT;
	EXPECT_TRUE(dropped(run(read_, frame, p), "state-invalid")) << "a later fragment";
	const Bytes segment = from_a() / TCP{.flags = SYN};
	p = context(segment);
	p.flags |= PKT_FRAGMENT;
	EXPECT_TRUE(dropped(run(read_, segment, p), "state-invalid")) << "a fragment of TCP";
	if (six()) {
		Object connected = load("ReadConn", sample_params("ReadConn"));
		for (std::uint8_t type : {std::uint8_t{133}, std::uint8_t{135}, std::uint8_t{143}}) {
			const Bytes talk = from_a() / ICMP6{.type = type} / Payload::of(16);
			EXPECT_TRUE(left(run(connected, talk, context(talk)), 4, talk)) << int{type};
		}
		EXPECT_EQ(pass(from_b() / ICMP6{.type = 137} / Payload::of(32)), "state-invalid") << "a redirect";
	} else {
		for (std::uint8_t type : {std::uint8_t{5}, std::uint8_t{9}, std::uint8_t{40}})
			EXPECT_EQ(pass(from_b() / ICMP{.type = type} / Payload::of(32)), "state-invalid") << int{type};
	}
	EXPECT_EQ(entries(), 0u);
}

class ConnFull : public Conn {
protected:
	void SetUp() override
	{
		capacity("CONN", 8);
		Conn::SetUp();
	}
};

INSTANTIATE_TEST_SUITE_P(Families, ConnFull, testing::Values(4));

// Half-open connections push out each other, never one that is assured.
TEST_P(ConnFull, HalfOpenOnesGiveWay)
{
	handshake();
	for (std::uint16_t port = 2000; port < 2100; port++)
		EXPECT_EQ(a({.sport = port, .flags = SYN, .ack = 0}), "new") << port;
	EXPECT_LE(entries(), 8u);
	EXPECT_EQ(a({.seq = 1001, .ack = 5001}), "established");
	EXPECT_GT(events(write_, NFUP_EVENT_EVICTED), 80u);

	Object refuses = load("WriteConn", Params(sample_params("WriteConn")).set("FULL", 0u));
	const Bytes syn = from_a() / TCP{.sport = 3000, .flags = SYN};
	EXPECT_TRUE(dropped(run(refuses, syn, context(syn)), "table-full"));
}

TEST_P(Conn, EveryPrefix)
{
	handshake();
	const Bytes options{1, 1, 5, 10, 0, 0, 0x15, 0x7d, 0, 0, 0x17, 0x71};
	const Bytes whole = from_a() / TCP{.seq = 1001, .ack = 5001, .options = options};
	const pkt p = context(whole);
	const std::size_t l4 = p.l4;
	for (std::size_t size = 14; size < l4 + 20; size++) {
		Bytes prefix(whole.begin(), whole.begin() + static_cast<long>(size));
		EXPECT_TRUE(dropped(run(read_, prefix, p), "truncated")) << size;
		EXPECT_TRUE(left(run(write_, prefix, p), 0, prefix)) << size << ": it is known";
	}
	pkt cut = p;
	cut.l3_len = static_cast<__u16>(p.l3_len - 1);
	EXPECT_TRUE(dropped(run(read_, whole, cut), "bad-l4-length"));
}

// Options that promise more than there is, or make no progress.
TEST_P(Conn, MalformedOptions)
{
	for (const Bytes& options : {Bytes{3, 0, 0, 0}, Bytes{3, 1, 7, 0}, Bytes{3, 40, 7, 0}, Bytes{5, 34, 1, 1},
				     Bytes{1, 1, 1, 3}, Bytes(40, 1), Bytes{3, 3, 255, 0}}) {
		static std::uint16_t port = 4000;
		port++;
		EXPECT_EQ(a({.sport = port, .flags = SYN, .seq = 1000, .ack = 0, .options = options}), "new");
		auto e = entry(key(port));
		ASSERT_TRUE(e);
		EXPECT_LE(e->side[0].scale, 14);
	}
}

} // namespace
} // namespace nfup::test
