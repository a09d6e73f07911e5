// SPDX-License-Identifier: BSD-2-Clause
// The load balancer's atoms: services, Maglev hashing, assigned servers.
#include "atom_fixture.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cmath>
#include <set>

#include "bpf/atoms/assigned_entry.h"
#include "bpf/atoms/server_entry.h"
#include "bpf/atoms/service_entry.h"
#include "bpf/maglev.h"
#include "statemaps/maglev.h"
#include "statemaps/queue.h"

namespace nfup::test {
namespace {

const std::string client = "198.51.100.7", vip = "192.0.2.100", client6 = "2001:db8:1::7", vip6 = "2001:db8:2::100";
constexpr unsigned tcp = 6, udp = 17, icmp = 1;

Params times()
{
	return Params().set("TCP", 100 * minute).set("CLOSING", 4 * minute).set("OTHER", 5 * minute);
}

class Balance : public NodeTest {
protected:
	void SetUp() override
	{
		capacity("SERVER_MAGLEV", 4 * MAGLEV_SLOTS);
		capacity("AS", room);
		capacity(statemaps::queue_of("AS"), 2 * room);
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		service_ = load("ReadService", {}, {first_exit_slot, no_slot});
		read_ = load("ReadAS", times());
		select_ = load("SelectServer", {}, {first_exit_slot, no_slot});
		write_ = load("WriteAS", times());
		server_ = load("ReadServer", {}, {first_exit_slot, no_slot});
	}
	void add_service(const std::string& addr, unsigned port, unsigned proto, unsigned number)
	{
		service_key key{};
		std::memcpy(key.addr, flow(addr, 0, addr, 0, 0).saddr, sizeof key.addr);
		key.port = htons(static_cast<std::uint16_t>(port));
		key.proto = static_cast<__u8>(proto);
		const service_entry entry{number};
		ASSERT_EQ(bpf_map_update_elem(state("SERVICE"), &key, &entry, BPF_ANY), 0);
	}
	// Servers 0 to `count` - 1 of the service, and its table as `nfup state set` makes it.
	void add_servers(unsigned service, unsigned count, unsigned port = 0)
	{
		for (unsigned i = 0; i < count; i++)
			put_server(service, i, "10.0.1." + std::to_string(i), port, 1);
		update();
	}
	void put_server(unsigned service, unsigned number, const std::string& addr, unsigned port, unsigned weight)
	{
		const server_key key{static_cast<__u16>(service), static_cast<__u16>(number)};
		server_entry entry{};
		std::memcpy(entry.addr, flow(addr, 0, addr, 0, 0).saddr, sizeof entry.addr);
		entry.port = htons(static_cast<std::uint16_t>(port));
		entry.mac[0] = 2;
		entry.mac[5] = static_cast<__u8>(number);
		entry.weight = weight;
		ASSERT_EQ(bpf_map_update_elem(state("SERVER"), &key, &entry, BPF_ANY), 0);
		servers_[service][number] = {number, addr, weight};
	}
	// The tables of all services, as user space writes them.
	void update()
	{
		for (const auto& [service, servers] : servers_) {
			std::vector<statemaps::MaglevServer> all;
			for (const auto& [number, server] : servers)
				all.push_back(server);
			const auto slots = statemaps::maglev_table(all, MAGLEV_SLOTS);
			for (std::uint32_t i = 0; i < MAGLEV_SLOTS; i++) {
				const std::uint32_t index = service * MAGLEV_SLOTS + i;
				ASSERT_EQ(bpf_map_update_elem(state("SERVER_MAGLEV"), &index, &slots[i], BPF_ANY), 0);
			}
		}
	}

	// As the checks leave it.
	static pkt context(const flow_key& key, unsigned flags = PKT_HAS_PORTS)
	{
		pkt p{};
		p.cursor = p.l3 = 14;
		p.l4 = key.family == 4 ? 34 : 54;
		p.l3_len = static_cast<__u16>(p.l4 + 20 - 14);
		p.ip_proto = key.proto;
		p.flags = static_cast<__u8>(flags);
		p.flow = key;
		return p;
	}
	static Bytes frame(const flow_key& key, unsigned flags = SYN)
	{
		if (key.family == 4)
			return Ethernet{} / IPv4{} / TCP{.flags = flags};
		return Ethernet{} / IPv6{} / TCP{.flags = flags};
	}
	// Number and service, or nothing: it is no service's.
	std::optional<unsigned> service_of(const flow_key& key, unsigned flags = PKT_HAS_PORTS)
	{
		const Outcome outcome = run(service_, frame(key), context(key, flags));
		return outcome.output == 0 ? std::optional(outcome.context.mark) : std::nullopt;
	}
	unsigned choose(const pkt& p)
	{
		const Outcome outcome = run(select_, frame(p.flow), p);
		EXPECT_EQ(outcome.output, 0) << outcome;
		EXPECT_EQ(outcome.context.mark & 0xffff, p.mark & 0xffff);
		return outcome.context.mark >> 16;
	}
	// The way of a chain: to its assigned server, or to the one that is chosen.
	unsigned serve(const flow_key& key, unsigned tcp_flags = SYN, unsigned service = 0)
	{
		pkt p = context(key);
		p.mark = service;
		const Outcome known = run(read_, frame(key, tcp_flags), p);
		if (known.output == 0)
			return known.context.mark >> 16;
		p.mark |= choose(p) << 16;
		const Outcome noted = run(write_, frame(key, tcp_flags), p);
		EXPECT_EQ(noted.output, 0);
		return p.mark >> 16;
	}
	std::optional<assigned_entry> assigned(const flow_key& key)
	{
		assigned_entry e{};
		if (bpf_map_lookup_elem(state("AS"), &key, &e))
			return {};
		return e;
	}
	void age(const flow_key& key, std::uint64_t by)
	{
		assigned_entry e = *assigned(key);
		e.last_seen -= by;
		e.checked -= 1'000'000;
		bpf_map_update_elem(state("AS"), &key, &e, BPF_EXIST);
	}
	static flow_key from(unsigned n, unsigned proto = tcp)
	{
		return flow("10." + std::to_string(n >> 16) + "." + std::to_string(n >> 8 & 255) + "." +
				std::to_string(n & 255),
			    1024 + n % 60000, vip, 80, proto);
	}

	static constexpr unsigned room = 64;
	std::map<unsigned, std::map<unsigned, statemaps::MaglevServer>> servers_; // by service and number
	Object service_, read_, select_, write_, server_;
};

TEST_F(Balance, AServiceIsAddressPortAndProtocol)
{
	add_service(vip, 80, tcp, 1);
	add_service(vip, 53, udp, 2);
	add_service(vip6, 80, tcp, 3);
	EXPECT_EQ(service_of(flow(client, 1000, vip, 80, tcp)), 1u);
	EXPECT_EQ(service_of(flow(client, 1000, vip, 53, udp)), 2u);
	EXPECT_EQ(service_of(flow(client6, 1000, vip6, 80, tcp)), 3u);
	for (const flow_key& other : {flow(client, 1000, vip, 80, udp), flow(client, 80, vip, 81, tcp),
				      flow(vip, 80, client, 1000, tcp), flow(client6, 1000, vip6, 53, udp)})
		EXPECT_EQ(service_of(other), std::nullopt);
	const flow_key other = flow(client, 1, client, 2, tcp);
	EXPECT_TRUE(dropped(run(service_, frame(other), context(other)), "no-match"));
}

TEST_F(Balance, PortZeroIsAllOthersAndFragments)
{
	add_service(vip, 53, udp, 1);
	add_service(vip, 0, udp, 2);
	add_service(vip, 0, icmp, 3);
	EXPECT_EQ(service_of(flow(client, 1000, vip, 53, udp)), 1u);
	EXPECT_EQ(service_of(flow(client, 1000, vip, 54, udp)), 2u);
	EXPECT_EQ(service_of(flow(client, 1000, vip, 53, udp), PKT_HAS_PORTS | PKT_FRAGMENT), 2u);
	EXPECT_EQ(service_of(flow(client, 0, vip, 0, udp), PKT_FRAGMENT | PKT_LATER_FRAGMENT), 2u);
	EXPECT_EQ(service_of(flow(client, 7, vip, 7, icmp), PKT_HAS_ID), 3u);
	EXPECT_EQ(service_of(flow(client, 1000, vip, 80, tcp)), std::nullopt);
}

TEST_F(Balance, FlowsAreSpreadAsTheWeightsSay)
{
	for (unsigned i = 0; i < 4; i++)
		put_server(0, i, "10.0.1." + std::to_string(i), 0, i); // 0 to 3
	update();
	std::map<unsigned, unsigned> flows;
	constexpr unsigned count = 6000;
	for (unsigned n = 0; n < count; n++)
		flows[choose(context(from(n)))]++;
	EXPECT_FALSE(flows.contains(0));
	// five standard deviations of a fair draw
	for (unsigned i = 1; i < 4; i++)
		EXPECT_NEAR(flows[i], count * i / 6.0, 5 * std::sqrt(count * i / 6.0)) << i;
}

TEST_F(Balance, EachServiceHasItsServers)
{
	add_servers(1, 3);
	add_servers(3, 1);
	pkt p = context(from(1));
	p.mark = 3;
	EXPECT_EQ(choose(p), 0u);
	for (const unsigned none : {0u, 2u, 4u, 65535u}) { // without servers; beyond the table
		p.mark = none;
		EXPECT_TRUE(dropped(run(select_, frame(p.flow), p), "no-server")) << none;
	}
	put_server(3, 0, "10.0.1.0", 0, 0);
	update();
	p.mark = 3;
	EXPECT_TRUE(dropped(run(select_, frame(p.flow), p), "no-server"));
}

TEST_F(Balance, PartsOfADatagramGoOneWay)
{
	add_servers(0, 50);
	std::set<unsigned> chosen;
	for (unsigned port = 0; port < 20; port++) {
		const pkt first = context(flow(client, port, vip, 53, udp), PKT_HAS_PORTS | PKT_FRAGMENT),
			  later = context(flow(client, 0, vip, 0, udp), PKT_FRAGMENT | PKT_LATER_FRAGMENT);
		EXPECT_EQ(choose(first), choose(later));
		chosen.insert(choose(context(flow(client, port, vip, 53, udp))));
		// nor are they noted, nor taken for what was
		pkt p = first;
		p.mark = choose(first) << 16;
		run(write_, frame(p.flow), p);
		EXPECT_FALSE(assigned(p.flow));
	}
	EXPECT_GT(chosen.size(), 5u);
	const flow_key whole = flow(client, 5, vip, 53, udp);
	pkt p = context(whole);
	p.ip_proto = udp;
	run(write_, frame(whole), p);
	ASSERT_TRUE(assigned(whole));
	p.flags |= PKT_FRAGMENT;
	EXPECT_EQ(run(read_, frame(whole), p).output, 1);
}

TEST_F(Balance, FlowsStayWhileServersComeAndGo)
{
	add_servers(0, 5);
	std::map<unsigned, unsigned> before;
	for (unsigned n = 0; n < 40; n++)
		before[n] = serve(from(n));
	// as many more, and one is drained
	for (unsigned i = 5; i < 10; i++)
		put_server(0, i, "10.0.2." + std::to_string(i), 0, 1);
	put_server(0, before[0], "10.0.1." + std::to_string(before[0]), 0, 0);
	update();
	unsigned moved = 0;
	for (unsigned n = 0; n < 40; n++) {
		EXPECT_EQ(serve(from(n), ACK), before[n]) << n;
		moved += choose(context(from(n))) != before[n];
	}
	EXPECT_GT(moved, 10u) << "by the table alone many would have moved";
	for (unsigned n = 1000; n < 1200; n++)
		EXPECT_NE(choose(context(from(n))), before[0]) << "a drained server gets no new flow";
}

TEST_F(Balance, AssignmentsEndWithTheirFlows)
{
	add_servers(0, 1);
	const flow_key key = from(1);
	auto phase_after = [&](unsigned flags) {
		serve(key, flags);
		return assigned(key)->phase;
	};
	EXPECT_EQ(phase_after(SYN), FLOW_NEW);
	EXPECT_EQ(phase_after(SYN), FLOW_NEW);
	EXPECT_EQ(phase_after(ACK), FLOW_TCP);
	age(key, 99 * minute);
	EXPECT_EQ(run(read_, frame(key, ACK), context(key)).output, 0);
	age(key, 101 * minute);
	EXPECT_EQ(run(read_, frame(key, ACK), context(key)).output, 1);
	EXPECT_EQ(phase_after(ACK), FLOW_TCP) << "met in its midst";
	EXPECT_EQ(phase_after(FIN | ACK), FLOW_CLOSING);
	age(key, 3 * minute);
	EXPECT_EQ(run(read_, frame(key, ACK), context(key)).output, 0);
	EXPECT_EQ(run(read_, frame(key, SYN), context(key)).output, 1) << "a new connection";
	EXPECT_EQ(phase_after(SYN), FLOW_NEW);
	age(key, 61 * second);
	EXPECT_EQ(run(read_, frame(key, ACK), context(key)).output, 1);

	const flow_key query = from(2, udp);
	pkt p = context(query);
	p.ip_proto = udp;
	run(write_, frame(query), p);
	EXPECT_EQ(assigned(query)->phase, FLOW_NEW);
	EXPECT_EQ(run(read_, frame(query), p).output, 0);
	EXPECT_EQ(assigned(query)->phase, FLOW_OTHER);
	age(query, 4 * minute);
	EXPECT_EQ(run(read_, frame(query), p).output, 0);
	age(query, 6 * minute);
	EXPECT_EQ(run(read_, frame(query), p).output, 1);
}

// The service of an address has become another: what was assigned is not its.
TEST_F(Balance, AssignmentsAreTheServices)
{
	add_servers(0, 1);
	const flow_key key = from(1);
	serve(key);
	pkt p = context(key);
	p.mark = 1;
	EXPECT_EQ(run(read_, frame(key, ACK), p).output, 1);
}

// RFC 792, RFC 4443: it goes to whom its flow goes to; a forged one keeps nothing alive.
TEST_F(Balance, AnIcmpErrorGoesWhereItsFlowDoes)
{
	add_servers(0, 5);
	const flow_key key = from(1), unknown = from(2);
	const unsigned server = serve(key, ACK);
	put_server(0, server, "10.0.1." + std::to_string(server), 0, 0);
	update();
	age(key, minute);
	const std::uint64_t seen = assigned(key)->last_seen;
	pkt error = context(key, PKT_HAS_PORTS | PKT_ICMP_ERROR);
	error.ip_proto = icmp;
	const Outcome outcome = run(read_, frame(key), error);
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(outcome.context.mark >> 16, server);
	EXPECT_EQ(assigned(key)->last_seen, seen);
	// without an assignment by the hash, as its flow would, and nothing is noted
	pkt other = context(unknown, PKT_HAS_PORTS | PKT_ICMP_ERROR);
	other.ip_proto = icmp;
	EXPECT_EQ(choose(other), choose(context(unknown)));
	EXPECT_EQ(run(write_, frame(unknown), other).output, 0);
	EXPECT_FALSE(assigned(unknown));
}

TEST_F(Balance, AFullTableKeepsWhatIsEstablished)
{
	add_servers(0, 5);
	for (unsigned n = 0; n < 16; n++) {
		serve(from(n));
		serve(from(n), ACK);
	}
	for (unsigned n = 100; n < 100 + 10 * room; n++)
		serve(from(n)); // a flood of SYNs
	for (unsigned n = 0; n < 16; n++)
		EXPECT_TRUE(assigned(from(n))) << n;
	EXPECT_EQ(events(write_, NFUP_EVENT_EVICTED), 10 * room - (room - 16));
	for (unsigned n = 100; n < 100 + 10 * room; n++)
		serve(from(n), ACK); // all of them live
	const flow_key late = from(5000);
	const unsigned server = serve(late);
	EXPECT_FALSE(assigned(late)) << "there is no room";
	EXPECT_EQ(serve(late, ACK), server) << "its hash is the same";
}

TEST_F(Balance, FrameAndFlowGoToTheServer)
{
	put_server(2, 7, "10.0.1.7", 8080, 1);
	const flow_key key = flow(client, 1000, vip, 80, tcp);
	const Bytes before = Ethernet{.dst = {2, 9, 9, 9, 9, 9}, .src = {2, 8, 8, 8, 8, 8}} / IPv4{} / TCP{};
	pkt p = context(key);
	p.mark = 7 << 16 | 2;
	Outcome outcome = run(server_, before, p);
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(outcome.frame,
		  Bytes(Ethernet{.dst = {2, 0, 0, 0, 0, 7}, .src = {2, 9, 9, 9, 9, 9}} / IPv4{} / TCP{}));
	EXPECT_EQ(outcome.context.flow, flow(client, 1000, "10.0.1.7", 8080, tcp));
	// Without a port it stays; an identifier is none.
	put_server(2, 7, "10.0.1.7", 0, 1);
	EXPECT_EQ(run(server_, before, p).context.flow, flow(client, 1000, "10.0.1.7", 80, tcp));
	put_server(2, 7, "10.0.1.7", 8080, 1);
	p.flags = PKT_HAS_ID;
	EXPECT_EQ(run(server_, before, p).context.flow, flow(client, 1000, "10.0.1.7", 80, tcp));
	p.mark = 8 << 16 | 2;
	EXPECT_TRUE(dropped(run(server_, before, p), "no-server"));
	p.mark = 7 << 16 | 2;
	p.l2 = static_cast<__u16>(before.size() - 13);
	EXPECT_TRUE(dropped(run(server_, before, p), "truncated"));
}

} // namespace
} // namespace nfup::test
