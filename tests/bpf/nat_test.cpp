// SPDX-License-Identifier: BSD-2-Clause
// The NAT's atoms and IPRewrite as a chain: mapping, filtering, the pool.
#include "nat_fixture.h"

#include <set>

namespace nfup::test {
namespace {

class Nat : public NatTest {};

const std::string host = "10.0.0.1", peer = "198.51.100.7", nat = "192.0.2.1";

Packet ip(const std::string& src, const std::string& dst)
{
	return Ethernet{} / IPv4{.src = src, .dst = dst};
}

TEST_F(Nat, TcpGoesOutAndComesBack)
{
	EXPECT_TRUE(became(out(ip(host, peer) / TCP{.flags = SYN}), outwards, ip(nat, peer) / TCP{.flags = SYN}));
	EXPECT_TRUE(became(in(ip(peer, nat) / TCP{.sport = 80, .dport = 1000, .flags = SYN | ACK}), inwards,
			   ip(peer, host) / TCP{.sport = 80, .dport = 1000, .flags = SYN | ACK}));
	EXPECT_TRUE(became(out(ip(host, peer) / TCP{} / Payload::of(1400)), outwards,
			   ip(nat, peer) / TCP{} / Payload::of(1400)));
	EXPECT_TRUE(became(in(ip(peer, nat) / TCP{.sport = 80, .dport = 1000} / Payload::of(3)), inwards,
			   ip(peer, host) / TCP{.sport = 80, .dport = 1000} / Payload::of(3)));

	const endpoint outside = at_end(nat, 1000, tcp);
	ASSERT_TRUE(mapping(host_tcp));
	EXPECT_EQ(std::memcmp(&mapping(host_tcp)->outside, &outside, sizeof outside), 0);
	ASSERT_TRUE(lease(outside));
	EXPECT_EQ(std::memcmp(&lease(outside)->inside, &host_tcp, sizeof host_tcp), 0);
	EXPECT_LT(now() - lease(outside)->last_seen, second);
	EXPECT_TRUE(session(outside, peer, 80));
	EXPECT_EQ(entries("NAT", sizeof(endpoint)), 1u);
	EXPECT_EQ(entries("POOL", sizeof(endpoint)), 1u);
}

TEST_F(Nat, UdpGoesOutAndComesBack)
{
	for (std::size_t size : {0u, 1u, 22u, 1472u}) {
		EXPECT_TRUE(became(out(ip(host, peer) / UDP{} / Payload::of(size)), outwards,
				   ip(nat, peer) / UDP{} / Payload::of(size)));
		EXPECT_TRUE(became(in(ip(peer, nat) / UDP{.sport = 53, .dport = 1000} / Payload::of(size)), inwards,
				   ip(peer, host) / UDP{.sport = 53, .dport = 1000} / Payload::of(size)));
	}
}

TEST_F(Nat, AnAbsentUdpChecksumStaysAbsent)
{
	const UDP out_udp{.sport = 1000, .dport = 53, .length = {}, .checksum = std::uint16_t{0}},
	    in_udp{.sport = 53, .dport = 1000, .length = {}, .checksum = std::uint16_t{0}};
	EXPECT_TRUE(became(out(ip(host, peer) / out_udp), outwards, ip(nat, peer) / out_udp));
	EXPECT_TRUE(became(in(ip(peer, nat) / in_udp), inwards, ip(peer, host) / in_udp));
}

// Every sum there can be, so also those that end in either zero (RFC 1624).
TEST_F(Nat, ChecksumsOfAllValues)
{
	for (unsigned i = 0; i < 65536; i += 5) {
		const Payload data(Bytes{static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
		ASSERT_TRUE(became(out(ip(host, peer) / UDP{} / data), outwards, ip(nat, peer) / UDP{} / data)) << i;
		ASSERT_EQ(wrong_checksum(out(ip(host, peer) / TCP{} / data).frame), "") << i;
	}
}

TEST_F(Nat, AWrongChecksumStaysWrong)
{
	const Bytes bad = out(ip(host, peer) / UDP{.checksum = std::uint16_t{0x1234}}).frame;
	EXPECT_EQ(wrong_checksum(bad), "UDP");
}

TEST_F(Nat, QueriesAreToldApartByIdentifier)
{
	for (std::uint8_t type : std::vector<std::uint8_t>{8, 13, 17}) {
		const auto reply = static_cast<std::uint8_t>(type == 8 ? 0 : type + 1);
		EXPECT_TRUE(became(out(ip(host, peer) / ICMP{.type = type, .id = 2000} / Payload::of(56)), outwards,
				   ip(nat, peer) / ICMP{.type = type, .id = 2000} / Payload::of(56)));
		EXPECT_TRUE(became(in(ip(peer, nat) / ICMP{.type = reply, .id = 2000} / Payload::of(56)), inwards,
				   ip(peer, host) / ICMP{.type = reply, .id = 2000} / Payload::of(56)));
	}
	// another host with the same identifier gets another
	auto other = out(ip("10.0.0.2", peer) / ICMP{.id = 2000});
	ASSERT_EQ(other.output, outwards);
	EXPECT_EQ(wrong_checksum(other.frame), "");
	const unsigned id = other.frame[38] * 256u + other.frame[39];
	EXPECT_NE(id, 2000u);
	EXPECT_EQ(id % 2, 0u);
	EXPECT_TRUE(became(in(ip(peer, nat) / ICMP{.type = 0, .id = static_cast<std::uint16_t>(id)}), inwards,
			   ip(peer, "10.0.0.2") / ICMP{.type = 0, .id = 2000}));
}

TEST_F(Nat, RequestsFromOutsideAndRepliesWithoutOneAreRefused)
{
	out(ip(host, peer) / ICMP{.id = 2000});
	const Bytes request = ip(peer, nat) / ICMP{.type = 8, .id = 2000},
		    reply = ip(host, peer) / ICMP{.type = 0, .id = 2001};
	EXPECT_TRUE(refused(in(request), no_mapping, request));
	EXPECT_TRUE(refused(out(reply), untranslatable, reply));
	EXPECT_EQ(entries("NAT", sizeof(endpoint)), 1u);
}

TEST_F(Nat, AMappingIsOneForAllPeers)
{
	for (const char* to : {"198.51.100.7", "198.51.100.8"})
		for (std::uint16_t port : std::vector<std::uint16_t>{80, 81})
			EXPECT_TRUE(became(out(ip(host, to) / UDP{.sport = 5001, .dport = port}), outwards,
					   ip(nat, to) / UDP{.sport = 5001, .dport = port}));
	EXPECT_EQ(entries("NAT", sizeof(endpoint)), 1u);
	EXPECT_EQ(entries("POOL", sizeof(endpoint)), 1u);
}

TEST_F(Nat, TwoHostsNeverShareAPort)
{
	std::set<unsigned> ports;
	for (unsigned i = 1; i <= 200; i++) {
		auto outcome = out(ip("10.0.0." + std::to_string(i), peer) / UDP{.sport = 5001});
		ASSERT_EQ(outcome.output, outwards);
		ASSERT_EQ(wrong_checksum(outcome.frame), "");
		const unsigned port = outcome.frame[34] * 256u + outcome.frame[35];
		EXPECT_TRUE(ports.insert(port).second) << port;
		EXPECT_EQ(port % 2, 1u) << "parity is kept";
		EXPECT_GE(port, 1000u);
		EXPECT_TRUE(became(in(ip(peer, nat) / UDP{.sport = 53, .dport = static_cast<std::uint16_t>(port)}),
				   inwards, ip(peer, "10.0.0." + std::to_string(i)) / UDP{.sport = 53, .dport = 5001}));
	}
	EXPECT_TRUE(ports.contains(5001)) << "the first keeps its port";
}

TEST_F(Nat, AHostKeepsToOneAddressOfThePool)
{
	wire({.addresses = "192.0.2.16", .length = 28});
	std::set<unsigned> used; // the last byte
	for (unsigned i = 1; i <= 100; i++) {
		std::set<unsigned> of_host;
		for (std::uint16_t port : std::vector<std::uint16_t>{2000, 3000, 4000}) {
			auto outcome = out(ip("10.0.1." + std::to_string(i), peer) / TCP{.sport = port, .flags = SYN});
			ASSERT_EQ(outcome.output, outwards);
			of_host.insert(outcome.frame[29]);
		}
		EXPECT_EQ(of_host.size(), 1u) << i;
		used.merge(of_host);
	}
	EXPECT_GT(used.size(), 12u) << "100 hosts over 16 addresses";
	EXPECT_GE(*used.begin(), 16u);
	EXPECT_LT(*used.rbegin(), 32u);
}

TEST_F(Nat, APoolIsUsedUpToItsLastPort)
{
	wire({.ports = {3000, 3003}});
	std::set<unsigned> ports;
	for (unsigned i = 1; i <= 4; i++) {
		auto outcome = out(ip("10.0.0." + std::to_string(i), peer) / UDP{.sport = 80});
		ASSERT_EQ(outcome.output, outwards);
		ports.insert(outcome.frame[34] * 256u + outcome.frame[35]);
	}
	EXPECT_EQ(ports, (std::set<unsigned>{3000, 3001, 3002, 3003}));
	const Bytes fifth = ip("10.0.0.5", peer) / UDP{.sport = 80};
	EXPECT_TRUE(refused(out(fifth), exhausted, fifth));
	EXPECT_EQ(out(ip("10.0.0.5", peer) / TCP{.sport = 80, .flags = SYN}).output, outwards) << "TCP has its own";
	EXPECT_EQ(out(ip("10.0.0.1", peer) / UDP{.sport = 80}).output, outwards) << "who has one keeps it";
}

// A host that keeps its ports takes a long run of them.
TEST_F(Nat, APortIsFoundBesideALongRunOfTaken)
{
	for (unsigned port = 1000; port < 41000; port++) {
		const endpoint outside = at_end(nat, port, udp);
		const pool_entry lease_of_run{.inside = at_end(host, port, udp), .last_seen = now(), .idle = 300};
		ASSERT_EQ(bpf_map_update_elem(state("POOL"), &outside, &lease_of_run, BPF_ANY), 0);
	}
	for (unsigned i = 1; i <= 200; i++)
		ASSERT_EQ(out(ip("10.0.1." + std::to_string(i), peer) / UDP{.sport = 2001}).output, outwards) << i;
}

TEST_F(Nat, AnExpiredLeaseIsTakenOver)
{
	wire({.ports = {3000, 3000}});
	const endpoint outside = at_end(nat, 3000, udp), first = at_end(host, 80, udp);
	out(ip(host, peer) / UDP{.sport = 80});
	const Bytes second_host = ip("10.0.0.2", peer) / UDP{.sport = 80};
	age(outside, 299 * second);
	EXPECT_TRUE(refused(out(second_host), exhausted, second_host));
	age(outside, 2 * second);
	EXPECT_TRUE(became(out(second_host), outwards, ip(nat, peer) / UDP{.sport = 3000}));
	EXPECT_FALSE(mapping(first));
	EXPECT_TRUE(became(in(ip(peer, nat) / UDP{.sport = 53, .dport = 3000}), inwards,
			   ip(peer, "10.0.0.2") / UDP{.sport = 53, .dport = 80}));
	const Bytes again = ip(host, peer) / UDP{.sport = 80};
	EXPECT_TRUE(refused(out(again), exhausted, again));
	EXPECT_EQ(entries("NAT", sizeof(endpoint)), 1u);
}

// A mapping that says so although its lease is another's is not believed.
TEST_F(Nat, AMappingIsAsGoodAsItsLease)
{
	out(ip(host, peer) / UDP{.sport = 5000});
	const endpoint outside = at_end(nat, 5000, udp);
	auto taken_over = *lease(outside);
	taken_over.inside = at_end("10.0.0.9", 5000, udp);
	set(outside, taken_over);
	age(outside, 0);
	auto m = *mapping(at_end(host, 5000, udp));
	m.checked -= 1000;
	set(at_end(host, 5000, udp), m);
	auto outcome = out(ip(host, peer) / UDP{.sport = 5000});
	ASSERT_EQ(outcome.output, outwards);
	EXPECT_NE(outcome.frame[34] * 256 + outcome.frame[35], 5000);
}

TEST_F(Nat, AnExpiredMappingLetsNobodyIn)
{
	wire({.filter = by_none});
	out(ip(host, peer) / UDP{.sport = 5000});
	const endpoint outside = at_end(nat, 5000, udp);
	const Bytes answer = ip(peer, nat) / UDP{.sport = 53, .dport = 5000};
	age(outside, 299 * second);
	EXPECT_EQ(in(answer).output, inwards);
	age(outside, 2 * second);
	EXPECT_TRUE(refused(in(answer), no_mapping, answer)) << "a packet from outside refreshes nothing";
	// the host itself takes it up again
	EXPECT_TRUE(became(out(ip(host, peer) / UDP{.sport = 5000}), outwards, ip(nat, peer) / UDP{.sport = 5000}));
	EXPECT_EQ(in(answer).output, inwards);
}

TEST_F(Nat, PacketsFromInsideRefresh)
{
	out(ip(host, peer) / UDP{.sport = 5000});
	const endpoint outside = at_end(nat, 5000, udp);
	for (int i = 0; i < 3; i++) {
		age(outside, 200 * second);
		EXPECT_EQ(out(ip(host, peer) / UDP{.sport = 5000}).output, outwards);
		EXPECT_LT(now() - lease(outside)->last_seen, 2 * second);
		EXPECT_LT(now() - session(outside, peer, 53)->last_seen, 2 * second);
	}
	// not each of them writes
	age(outside, 200 * second);
	auto l = *lease(outside);
	auto m = *mapping(l.inside);
	m.checked += 1000;
	set(l.inside, m);
	out(ip(host, peer) / UDP{.sport = 5000});
	EXPECT_GT(now() - lease(outside)->last_seen, 100 * second);
}

TEST_F(Nat, TimeoutsByProtocol)
{
	const Bytes open_out = ip(host, peer) / TCP{.flags = SYN};
	out(open_out);
	out(ip(host, peer) / UDP{});
	out(ip(host, peer) / ICMP{.id = 1000});
	for (auto [proto, idle] : {std::pair{tcp, 240u}, {udp, 300u}, {icmp, 60u}}) {
		EXPECT_EQ(lease(at_end(nat, 1000, proto))->idle, idle) << proto;
		EXPECT_EQ(lease(at_end(nat, 1000, proto))->open, 0u) << proto;
	}
	EXPECT_EQ(lease(at_end(nat, 1000, tcp))->idle_open, 7440u);
}

class NatTcp : public NatTest {
protected:
	void SetUp() override
	{
		NatTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		open(80);
	}
	void open(std::uint16_t port)
	{
		sends(SYN, port);
		EXPECT_EQ(state_of(port) & SESSION_OPEN, 0u);
		answers(SYN | ACK, port);
		EXPECT_EQ(state_of(port) & SESSION_OPEN, 0u);
		sends(ACK, port);
		EXPECT_NE(state_of(port) & SESSION_OPEN, 0u);
	}
	void sends(unsigned flags, std::uint16_t port = 80)
	{
		EXPECT_EQ(out(ip(host, peer) / TCP{.dport = port, .flags = flags}).output, outwards);
	}
	void answers(unsigned flags, std::uint16_t port = 80)
	{
		EXPECT_EQ(in(ip(peer, nat) / TCP{.sport = port, .dport = 1000, .flags = flags}).output, inwards);
	}
	unsigned state_of(std::uint16_t port) { return session(outside, peer, port)->tcp; }
	unsigned open_connections() { return lease(outside)->open; }

	const endpoint outside = at_end(nat, 1000, tcp);
};

TEST_F(NatTcp, AnOpenConnectionMayBeIdleForLong)
{
	EXPECT_EQ(open_connections(), 1u);
	age(outside, 7439 * second);
	answers(ACK);
	sends(ACK);
	EXPECT_EQ(open_connections(), 1u);
	age(outside, 7441 * second);
	const Bytes late = ip(peer, nat) / TCP{.sport = 80, .dport = 1000};
	EXPECT_TRUE(refused(in(late), unsolicited, late));
}

TEST_F(NatTcp, BothFinsCloseIt)
{
	sends(FIN | ACK);
	answers(ACK);
	EXPECT_EQ(open_connections(), 1u);
	answers(FIN | ACK);
	EXPECT_EQ(open_connections(), 0u);
	sends(ACK);
	EXPECT_EQ(open_connections(), 0u);
	age(outside, 239 * second);
	answers(FIN | ACK);
	age(outside, 2 * second);
	const Bytes late = ip(peer, nat) / TCP{.sport = 80, .dport = 1000, .flags = FIN | ACK};
	EXPECT_TRUE(refused(in(late), unsolicited, late));
}

TEST_F(NatTcp, ThePeerMayCloseFirst)
{
	answers(FIN | ACK);
	sends(ACK);
	EXPECT_EQ(open_connections(), 1u);
	sends(FIN | ACK);
	EXPECT_EQ(open_connections(), 0u);
	answers(ACK);
	EXPECT_EQ(open_connections(), 0u);
}

TEST_F(NatTcp, AResetClosesItUnlessForged)
{
	answers(RST);
	EXPECT_EQ(open_connections(), 0u);
	sends(ACK);
	EXPECT_EQ(open_connections(), 1u) << "the host goes on: it did not believe it";
	sends(RST | ACK);
	EXPECT_EQ(open_connections(), 0u);
}

TEST_F(NatTcp, ANewConnectionBetweenTheSamePorts)
{
	sends(FIN | ACK);
	answers(FIN | ACK);
	open(80);
	EXPECT_EQ(open_connections(), 1u);
	answers(RST | ACK);
	open(80);
	EXPECT_EQ(open_connections(), 1u);
}

TEST_F(NatTcp, OneOfTwoConnectionsCloses)
{
	open(81);
	EXPECT_EQ(open_connections(), 2u);
	sends(FIN | ACK, 81);
	answers(FIN | ACK, 81);
	EXPECT_EQ(open_connections(), 1u);
	age(outside, 1000 * second);
	answers(ACK, 80);
	const Bytes late = ip(peer, nat) / TCP{.sport = 82, .dport = 1000};
	EXPECT_TRUE(refused(in(late), unsolicited, late));
}

// What is left of a connection when its port has gone to another host.
TEST_F(NatTcp, AConnectionCountsForItsOwnLeaseOnly)
{
	auto l = *lease(outside);
	l.open = 0;
	set(outside, l);
	sends(RST);
	EXPECT_EQ(open_connections(), 0u);
}

TEST_F(NatTcp, ASimultaneousOpenPasses)
{
	sends(SYN, 90);
	answers(SYN, 90);
	sends(SYN | ACK, 90);
	answers(SYN | ACK, 90);
	sends(ACK, 90);
	EXPECT_EQ(open_connections(), 2u);
}

TEST_F(Nat, FilteringIsAChoice)
{
	struct Case {
		unsigned filter;
		bool same, other_port, other_address;
	};
	std::uint16_t sport = 4000;
	for (const Case& c : {Case{by_none, true, true, true}, Case{by_address, true, true, false},
			      Case{by_port, true, false, false}}) {
		wire({.filter = c.filter});
		for (bool is_tcp : {true, false}) {
			auto send = [&](const std::string& from, std::uint16_t port) {
				return is_tcp ? in(ip(from, nat) / TCP{.sport = port, .dport = sport})
					      : in(ip(from, nat) / UDP{.sport = port, .dport = sport});
			};
			sport = static_cast<std::uint16_t>(sport + 2);
			if (is_tcp)
				out(ip(host, peer) / TCP{.sport = sport, .dport = 80, .flags = SYN});
			else
				out(ip(host, peer) / UDP{.sport = sport, .dport = 80});
			EXPECT_EQ(send(peer, 80).output == inwards, c.same) << c.filter;
			EXPECT_EQ(send(peer, 81).output == inwards, c.other_port) << c.filter;
			EXPECT_EQ(send("198.51.100.8", 80).output == inwards, c.other_address) << c.filter;
		}
	}
}

TEST_F(Nat, WhatHasNoMappingGetsNowhere)
{
	wire({.filter = by_none});
	for (const Bytes& frame : {Bytes(ip(peer, nat) / TCP{.sport = 80, .dport = 1000, .flags = SYN}),
				   Bytes(ip(peer, nat) / UDP{.sport = 53, .dport = 1000}),
				   Bytes(ip(peer, host) / UDP{.sport = 53, .dport = 1000})})
		EXPECT_TRUE(refused(in(frame), no_mapping, frame));
	EXPECT_EQ(entries("NAT", sizeof(endpoint)) + entries("POOL", sizeof(endpoint)), 0u);
}

TEST_F(Nat, WhatCannotBeToldApartIsNotTranslated)
{
	for (const Bytes& frame :
	     {Bytes(Ethernet{} / IPv4{.src = host, .dst = peer, .proto = std::uint8_t{47}} / Payload::of(40)),
	      Bytes(ip(host, peer) / ICMP{.type = 5})})
		EXPECT_TRUE(refused(out(frame), untranslatable, frame));
	EXPECT_EQ(entries("POOL", sizeof(endpoint)), 0u);
}

TEST_F(Nat, AStaticForward)
{
	const endpoint server = at_end(host, 80, tcp), outside = at_end(nat, 8080, tcp);
	set(outside, {.inside = server, .last_seen = 0, .idle = 0, .idle_open = 0, .open = 0, .checked = 0});
	set(server, nat_entry{.outside = outside, .checked = 0, .zero = 0});
	EXPECT_TRUE(became(in(ip(peer, nat) / TCP{.sport = 5, .dport = 8080, .flags = SYN}), inwards,
			   ip(peer, host) / TCP{.sport = 5, .dport = 80, .flags = SYN}));
	EXPECT_TRUE(became(out(ip(host, peer) / TCP{.sport = 80, .dport = 5, .flags = SYN | ACK}), outwards,
			   ip(nat, peer) / TCP{.sport = 8080, .dport = 5, .flags = SYN | ACK}));
	EXPECT_EQ(lease(outside)->idle, 0u);
	// another host cannot have the port
	auto other = out(ip("10.0.0.2", peer) / TCP{.sport = 8080, .flags = SYN});
	EXPECT_EQ(other.output, outwards);
	EXPECT_NE(other.frame[34] * 256 + other.frame[35], 8080);
}

TEST_F(Nat, InsideHostsReachEachOtherByTheirOutsideEndpoints)
{
	const std::string a = "10.0.0.1", b = "10.0.0.2";
	wire({.filter = by_none});
	out(ip(b, peer) / UDP{.sport = 7000});
	EXPECT_TRUE(became(out(ip(a, nat) / UDP{.sport = 6000, .dport = 7000}), inwards,
			   ip(nat, b) / UDP{.sport = 6000, .dport = 7000}));
	EXPECT_TRUE(became(out(ip(b, nat) / UDP{.sport = 7000, .dport = 6000}), inwards,
			   ip(nat, a) / UDP{.sport = 7000, .dport = 6000}));
}

// Two first packets of one endpoint side by side: the second finds the mapping
// of the first when it comes to write its own.
TEST_F(Nat, TheLaterOfTwoMappingsGivesWay)
{
	const endpoint first = at_end(nat, 9000, udp), second_one = at_end(nat, 5000, udp),
		       inside = at_end(host, 5000, udp);
	const pool_entry held{
	    .inside = inside, .last_seen = now(), .idle = 300, .idle_open = 0, .open = 0, .checked = 0};
	set(first, held);
	set(second_one, held);
	set(inside, nat_entry{.outside = first, .checked = 0, .zero = 0});
	auto node = load("WriteNAT");
	const Bytes frame = ip(host, peer) / UDP{.sport = 5000};
	pkt p{};
	p.l3 = 14;
	p.l4 = 34;
	p.flow = flow(nat, 5000, peer, 53, udp);
	auto outcome = run(node, frame, p);
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(outcome.context.flow, flow(nat, 9000, peer, 53, udp));
	EXPECT_FALSE(lease(second_one)) << "given back";
	EXPECT_TRUE(lease(first));
	// one whose lease is another's does not count
	auto lost = held;
	lost.inside = at_end("10.0.0.9", 1, udp);
	set(first, lost);
	set(second_one, held);
	outcome = run(node, frame, p);
	EXPECT_EQ(outcome.context.flow, p.flow);
	EXPECT_EQ(std::memcmp(&mapping(inside)->outside, &second_one, sizeof second_one), 0);
}

TEST_F(Nat, AClaimThatCameSecondSaysSo)
{
	auto node = load("WritePool", sample_params("WritePool"));
	const Bytes frame = ip(host, peer) / UDP{.sport = 5000};
	pkt p{};
	p.l3 = 14;
	p.l4 = 34;
	p.flow = flow(nat, 5000, peer, 53, udp);
	set(at_end(nat, 5000, udp), {.inside = at_end("10.0.0.9", 5000, udp),
				     .last_seen = now(),
				     .idle = 300,
				     .idle_open = 0,
				     .open = 0,
				     .checked = 0});
	EXPECT_TRUE(left(run(node, frame, p), 1, frame));
	auto lone = load("WritePool", sample_params("WritePool"), {first_exit_slot, no_slot});
	EXPECT_TRUE(dropped(run(lone, frame, p), "port-taken"));
}

TEST_F(Nat, EveryPrefix)
{
	const std::vector<Bytes> frames{ip(host, peer) / TCP{.flags = SYN}, ip(host, peer) / UDP{},
					ip(host, peer) / ICMP{}};
	const std::size_t l4[] = {18, 8, 8};
	for (std::size_t i = 0; i < frames.size(); i++) {
		auto node = load("IPRewrite");
		pkt p{};
		p.l3 = 14;
		p.l4 = 34;
		p.l3_len = static_cast<__u16>(frames[i].size() - 14);
		p.flags = i == 2 ? PKT_HAS_ID : PKT_HAS_PORTS;
		p.flow = flow(nat, 7, peer, 7, frames[i][23]);
		for (std::size_t size = 14; size < frames[i].size(); size++) {
			Bytes prefix(frames[i].begin(), frames[i].begin() + static_cast<long>(size));
			auto outcome = run(node, prefix, p);
			if (size < 34 + l4[i])
				EXPECT_TRUE(outcome.drops.contains("truncated")) << i << " " << size;
			else
				EXPECT_EQ(outcome.output, 0) << i << " " << size;
			// the atoms read the headers too
			if (size >= 34 + (i == 2 ? 6u : 2u))
				continue;
			for (const char* cls : {"ReadPool", "WritePool", "WriteNAT"}) {
				EXPECT_TRUE(dropped(run(load(cls, sample_params(cls)), prefix, p), "truncated"))
				    << cls << " " << i << " " << size;
			}
		}
	}
}

} // namespace
} // namespace nfup::test
