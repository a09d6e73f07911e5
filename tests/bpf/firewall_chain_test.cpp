// SPDX-License-Identifier: BSD-2-Clause
// The whitelist firewall of examples/firewall.table, wired by hand: whole chains
// of tail calls, from ingress to the redirect.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if.h>

#include "bpf/atoms/fsm_entry.h"
#include "bpf/atoms/whitelist_entry.h"
#include "flow.h"
#include "harness.h"
#include "samples.h"

namespace nfup::test {
namespace {

class FirewallChain : public NodeTest {
protected:
	// Slots of the nodes.
	enum : unsigned {
		from1 = 1,
		from2,
		classifier,
		strip,
		check_ip,
		read_wl,
		read_fsm,
		write_fsm,
		write_wl,
		discard,
		to1,
		to2
	};

	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		const std::uint32_t lo = if_nametoindex("lo");
		for (std::uint32_t port : {0u, 1u})
			ASSERT_EQ(bpf_map_update_elem(ports(), &port, &lo, BPF_ANY), 0);

		const Pattern ip{{12, {0x08, 0x00}}}, any{};
		add(to1, "ToDevice", {}, Params().set("DEVICE", 0u));
		add(to2, "ToDevice", {}, Params().set("DEVICE", 1u));
		add(discard, "Discard", {});
		add(write_wl, "WriteWL", {to2});
		add(write_fsm, "WriteFSM", {to2});
		add(read_fsm, "ReadFSM", {write_fsm, discard, write_wl});
		add(read_wl, "ReadWL", {to2, read_fsm});
		add(check_ip, "CheckIPHeader", {read_wl, no_slot});
		add(strip, "Strip", {check_ip});
		// as the resolver reads the paper's one pattern: output 1 is what matches
		classifier_program program = compile({ip, any});
		add(classifier, "Classifier", {strip, to2}, Params().set("PATTERNS", program));
		add(from1, "FromDevice", {classifier}, Params().set("DEVICE", 0u));
		add(from2, "FromDevice", {to1}, Params().set("DEVICE", 1u));
		side(from1);
		ingress_ = load("ingress", {}, {NFUP_ROOT_SLOT});
	}
	void add(unsigned slot, const std::string& cls, const std::vector<unsigned>& out)
	{
		add(slot, cls, out, sample_params(cls));
	}
	void add(unsigned slot, const std::string& cls, const std::vector<unsigned>& out, const Params& params)
	{
		nodes_[slot] = load(cls, params, out);
		put(slot, nodes_[slot].program);
	}
	// Test runs receive on lo: make root take that for p1 (from1) or p2 (from2).
	void side(unsigned from)
	{
		std::array<std::uint32_t, NFUP_MAX_OUTPUTS> ifindex{if_nametoindex("lo")};
		root_ = load("root", Params().set("nfup_ports", 1u).set("nfup_ifindex", ifindex), {from});
		put(NFUP_ROOT_SLOT, root_.program);
	}
	testing::AssertionResult passes(const Bytes& frame)
	{
		auto outcome = run(ingress_, frame);
		if (outcome.verdict != XDP_REDIRECT || outcome.frame != frame)
			return testing::AssertionFailure() << outcome;
		return testing::AssertionSuccess();
	}
	testing::AssertionResult stopped(const Bytes& frame, unsigned node, const std::string& reason)
	{
		auto before = drops(nodes_[node])[reason];
		auto outcome = run(ingress_, frame);
		if (outcome.verdict != XDP_DROP || drops(nodes_[node])[reason] != before + 1)
			return testing::AssertionFailure() << outcome << ", not " << reason;
		return testing::AssertionSuccess();
	}
	// Those that are not over.
	std::size_t entries(const std::string& name)
	{
		std::size_t n = 0;
		flow_key at{}, next{};
		for (void* previous = nullptr; bpf_map_get_next_key(state(name), previous, &next) == 0;) {
			wl_entry listed{};
			fsm_entry half_open{};
			const bool is_wl = name == "WL";
			EXPECT_EQ(
			    bpf_map_lookup_elem(state(name), &next, is_wl ? static_cast<void*>(&listed) : &half_open),
			    0);
			n += (is_wl ? listed.last_seen : half_open.last_seen) != 0;
			at = next;
			previous = &at;
		}
		return n;
	}

	static Packet ip() { return Ethernet{} / IPv4{}; }

	std::map<unsigned, Object> nodes_;
	Object ingress_, root_;
};

TEST_F(FirewallChain, AConnectionFromSynToFin)
{
	EXPECT_TRUE(stopped(ip() / TCP{.flags = ACK}, discard, "discard")) << "not begun";
	EXPECT_TRUE(passes(ip() / TCP{.flags = SYN}));
	EXPECT_EQ(entries("FSM"), 1u);
	EXPECT_EQ(entries("WL"), 0u);
	EXPECT_TRUE(passes(ip() / TCP{.flags = SYN})) << "sent again";
	EXPECT_TRUE(passes(ip() / TCP{.flags = ACK}));
	EXPECT_EQ(entries("FSM"), 0u);
	EXPECT_EQ(entries("WL"), 1u);
	for (int i = 0; i < 5; i++)
		EXPECT_TRUE(passes(ip() / TCP{.flags = PSH | ACK} / Payload::of(1000)));
	EXPECT_TRUE(passes(ip() / TCP{.flags = FIN | ACK}));
	EXPECT_TRUE(passes(ip() / TCP{.flags = ACK}));
	EXPECT_TRUE(passes(ip() / TCP{.flags = SYN})) << "the next connection between the same ports";
	EXPECT_EQ(entries("WL"), 0u);
	EXPECT_TRUE(passes(ip() / TCP{.flags = ACK}));
	EXPECT_EQ(entries("WL"), 1u);
}

TEST_F(FirewallChain, AnotherFlowIsNotLetIn)
{
	EXPECT_TRUE(passes(ip() / TCP{.flags = SYN}));
	EXPECT_TRUE(passes(ip() / TCP{.flags = ACK}));
	EXPECT_TRUE(stopped(ip() / TCP{.sport = 1001, .flags = ACK}, discard, "discard"));
	EXPECT_TRUE(stopped(ip() / TCP{.dport = 81, .flags = ACK}, discard, "discard"));
	EXPECT_TRUE(stopped(Ethernet{} / IPv4{.src = "10.0.0.77"} / TCP{.flags = ACK}, discard, "discard"));
}

TEST_F(FirewallChain, WhatIsNotTcpPassesBothWays)
{
	const std::vector<Bytes> frames{
	    ip() / UDP{} / Payload("hello"),
	    ip() / ICMP{},
	    Ethernet{} / IPv4{.more = true} / UDP{} / Payload::of(32),
	    Ethernet{} / IPv4{.fragment = 5, .proto = std::uint8_t{17}} / Payload::of(32),
	    Ethernet{.type = 0x0806} / Payload::of(46),
	    Ethernet{} / IPv6{} / TCP{},
	    Ethernet{} / Vlan{} / IPv4{} / TCP{},
	};
	for (unsigned from : {from1, from2}) {
		side(from);
		for (const Bytes& frame : frames)
			EXPECT_TRUE(passes(frame)) << "from " << from;
	}
	EXPECT_EQ(entries("WL"), 0u);
	EXPECT_EQ(entries("FSM"), 0u);
}

TEST_F(FirewallChain, TheServersSideIsNotLookedAt)
{
	side(from2);
	EXPECT_TRUE(passes(ip() / TCP{.flags = ACK}));
	EXPECT_TRUE(passes(Ethernet{} / IPv4{.checksum = std::uint16_t{1}} / TCP{.flags = 0}));
}

TEST_F(FirewallChain, BadHeadersStopAtTheCheck)
{
	EXPECT_TRUE(stopped(Ethernet{} / IPv4{.checksum = std::uint16_t{1}} / UDP{}, check_ip, "bad-ip-checksum"));
	EXPECT_TRUE(stopped(Ethernet{} / IPv4{.src = "0.0.0.0"} / UDP{}, check_ip, "bad-source"));
	EXPECT_TRUE(stopped(Ethernet{} / IPv4{.length = std::uint16_t{30}} / TCP{}, read_fsm, "truncated"));
}

TEST_F(FirewallChain, EveryPrefixOfASyn)
{
	Bytes whole = ip() / TCP{.flags = SYN} / Payload::of(4);
	for (std::size_t size = 14; size < whole.size(); size++)
		EXPECT_EQ(run(ingress_, Bytes(whole.begin(), whole.begin() + static_cast<long>(size))).verdict,
			  XDP_DROP)
		    << size;
	EXPECT_EQ(entries("FSM"), 0u);
	EXPECT_TRUE(passes(whole));
}

TEST_F(FirewallChain, AnUpgradeInMidFlowKeepsTheState)
{
	EXPECT_TRUE(passes(ip() / TCP{.flags = SYN}));
	add(30, "ReadFSM", {write_fsm, discard, write_wl});
	add(31, "ReadWL", {to2, 30});
	add(32, "CheckIPHeader", {31, no_slot});
	put(check_ip, nodes_[32].program);
	EXPECT_TRUE(passes(ip() / TCP{.flags = ACK}));
	EXPECT_TRUE(passes(ip() / TCP{.flags = ACK}));
	EXPECT_EQ(entries("WL"), 1u);
}

TEST_F(FirewallChain, CountersAddUpAlongTheChain)
{
	for (int i = 0; i < 3; i++)
		passes(ip() / UDP{});
	for (unsigned node : {from1, classifier, strip, check_ip, read_wl, read_fsm, write_fsm, to2})
		EXPECT_EQ(packets(nodes_[node]), 3u) << node;
	EXPECT_EQ(packets(nodes_[write_wl]), 0u);
	EXPECT_EQ(packets(nodes_[discard]), 0u);
}

// Any node's slot empty: the packet is aborted, and the node in front says so.
TEST_F(FirewallChain, AMissIsCountedWhereItHappens)
{
	const std::vector<std::pair<unsigned, unsigned>> hops{
	    {from1, classifier}, {classifier, strip},   {strip, check_ip}, {check_ip, read_wl},
	    {read_wl, read_fsm}, {read_fsm, write_fsm}, {write_fsm, to2},
	};
	Bytes frame = ip() / UDP{};
	for (auto [from, to] : hops) {
		clear(to);
		EXPECT_EQ(run(ingress_, frame).verdict, XDP_ABORTED) << to;
		EXPECT_EQ(drops(nodes_[from])["tail-call-miss"], 1u) << from;
		put(to, nodes_[to].program);
		EXPECT_TRUE(passes(frame));
	}
}

} // namespace
} // namespace nfup::test
