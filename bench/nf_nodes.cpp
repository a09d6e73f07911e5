// SPDX-License-Identifier: BSD-2-Clause
// ns per packet of each class: BPF_PROG_TEST_RUN over one packet, the next slot
// holding a program that only returns. Printed as JSON, with the ratio to that
// empty program in the same run, which is what carries over between machines.
#include <bpf/bpf.h>
#include <net/if.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "bpf/atoms/conn_entry.h"
#include "bpf/atoms/assigned_entry.h"
#include "bpf/atoms/fsm_entry.h"
#include "bpf/atoms/nat_entry.h"
#include "bpf/atoms/pool_entry.h"
#include "bpf/atoms/return_entry.h"
#include "bpf/atoms/server_entry.h"
#include "bpf/atoms/service_entry.h"
#include "bpf/atoms/session_entry.h"
#include "bpf/atoms/whitelist_entry.h"
#include "bpf/maglev.h"
#include "flow.h"
#include "kernel.h"
#include "patterns.h"
#include "samples.h"

using namespace nfup::test;

namespace {

struct Case {
	std::string name, cls;
	Params params;
	Bytes frame;
	pkt context;
};

std::uint64_t now()
{
	timespec t{};
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

// That lie in one another, around the destination 10.0.0.2.
Params many_routes(unsigned count)
{
	std::vector<std::string> texts{"0/0 0"};
	for (unsigned i = 0; texts.size() < count; i++)
		texts.push_back("10." + std::to_string(i >> 8) + "." + std::to_string(i & 255) + ".0/24 1");
	return routes(texts);
}

std::vector<Case> cases()
{
	const Pattern ip{{12, {0x08, 0x00}}}, arp{{12, {0x08, 0x06}}}, tcp{{12, {0x08, 0x00}}, {23, {6}}}, any{};
	auto patterns = [](const std::vector<Pattern>& list) {
		return Params().set("PATTERNS", compile(list));
	};
	const Bytes small = Ethernet{} / IPv4{} / TCP{} / Payload::of(10),
		    large = Ethernet{} / IPv4{} / TCP{} / Payload::of(1460),
		    syn = Ethernet{} / IPv4{} / TCP{.flags = SYN} / Payload::of(10), six = Ethernet{} / IPv6{} / TCP{},
		    udp = Ethernet{} / IPv4{} / UDP{} / Payload::of(22);
	pkt link{}, net{}, transport{};
	net.cursor = 14;
	transport = net;
	transport.l3 = 14;
	transport.l4 = 34;
	transport.l3_len = 50;
	transport.ip_proto = 6;
	transport.ethertype = htons(0x0800);
	transport.flow = flow("10.0.0.1", 1000, "10.0.0.2", 80, 6);
	pkt jumbo = transport, other = transport;
	jumbo.l3_len = 1500;
	other.flow.dport = htons(81); // not listed, not begun

	// The NAT: 10.0.0.1:1000 is 192.0.2.1:1000 outside; other ports are free.
	const Params inside = Params().set("SIDE", 0u), outside = Params().set("SIDE", 1u);
	transport.flags = PKT_HAS_PORTS;
	pkt translated = transport, answer = transport, fresh = transport, error = transport;
	translated.flow = flow("192.0.2.1", 1000, "10.0.0.2", 80, 6);
	answer.flow = flow("10.0.0.2", 80, "192.0.2.1", 1000, 6);
	fresh.flow = flow("10.0.0.1", 1001, "10.0.0.2", 80, 6);
	pkt balanced_back = transport; // the load balancer: 10.0.0.2:80 is a service, and its only server
	balanced_back.flow = flow("10.0.0.2", 80, "10.0.0.1", 1000, 6);
	error.ip_proto = 1;
	error.l3_len = 56;
	const Bytes unreachable = Ethernet{} / IPv4{} / ICMP{.type = 3} / IPv4{} / UDP{};

	pkt udp_transport = transport, icmp_transport = transport;
	udp_transport.ip_proto = 17;
	icmp_transport.ip_proto = 1;
	const Bytes ping = Ethernet{} / IPv4{} / ICMP{} / Payload::of(22);

	pkt routed = transport, error_6 = error;
	std::memcpy(routed.next_hop, routed.flow.daddr, sizeof routed.next_hop);
	error_6.ethertype = htons(0x86dd);
	error_6.ip_proto = 58;
	error_6.l4 = 54;
	const Bytes error6 = Ethernet{} / IPv6{} / ICMP6{.type = 1} / IPv6{} / UDP{};
	pkt query = udp_transport;
	query.flow = flow("10.0.0.1", 1000, "10.0.0.2", 53, 17);

	const Params checksum_off = Params().set("CHECKSUM", std::uint8_t{0});
	return {
	    {"FromDevice", "FromDevice", sample_params("FromDevice"), small, link},
	    {"ToDevice", "ToDevice", Params().set("DEVICE", 0u), small, link},
	    {"ToHost", "ToHost", {}, small, link},
	    {"Null", "Null", {}, small, link},
	    {"Counter", "Counter", {}, small, link},
	    {"Discard", "Discard", {}, small, link},
	    {"Idle", "Idle", {}, small, link},
	    {"Strip 14", "Strip", sample_params("Strip"), small, link},
	    {"EtherRewrite", "EtherRewrite", sample_params("EtherRewrite"), small, link},
	    {"EtherMirror", "EtherMirror", {}, small, link},
	    {"HostEtherFilter", "HostEtherFilter", sample_params("HostEtherFilter"), small, link},
	    {"VLANDecap, no tag", "VLANDecap", {}, small, link},
	    {"IPMirror", "IPMirror", {}, small, transport},
	    {"Paint", "Paint", sample_params("Paint"), small, link},
	    {"PaintSwitch", "PaintSwitch", {}, small, link},
	    {"Switch", "Switch", Params().set("OUTPUT", 1u), small, link},
	    {"HashSwitch, 32 outputs", "HashSwitch", {}, small, transport},
	    {"RandomSwitch, 32 outputs", "RandomSwitch", {}, small, link},
	    {"RoundRobinSwitch, 32 outputs", "RoundRobinSwitch", {}, small, link},
	    {"RandomSample", "RandomSample", sample_params("RandomSample"), small, link},
	    {"RatedSplitter", "RatedSplitter", sample_params("RatedSplitter"), small, link},
	    {"BandwidthRatedSplitter", "BandwidthRatedSplitter", sample_params("BandwidthRatedSplitter"), small, link},
	    {"FlowRatedSplitter", "FlowRatedSplitter", sample_params("FlowRatedSplitter"), small, transport},
	    {"Print, ring full", "Print", sample_params("Print"), small, link},
	    {"ClampTCPMSS, no SYN", "ClampTCPMSS", sample_params("ClampTCPMSS"), small, transport},
	    {"ClampTCPMSS, SYN without", "ClampTCPMSS", sample_params("ClampTCPMSS"), syn, transport},
	    {"LookupIPRoute, 3 routes", "LookupIPRoute", sample_params("LookupIPRoute"), small, transport},
	    {"LookupIPRoute, 10,000 routes", "LookupIPRoute", many_routes(10'000), small, transport},
	    {"StaticNeighbours", "StaticNeighbours", sample_params("StaticNeighbours"), small, routed},
	    {"ReadNeighbour, unknown", "ReadNeighbour", sample_params("ReadNeighbour"), small, routed},
	    {"WriteNeighbour, nothing said", "WriteNeighbour", sample_params("WriteNeighbour"), small, transport},
	    {"AskNeighbour, other IP version", "AskNeighbour", sample_params("AskNeighbour"), small, routed},
	    {"LookupFIB, not forwarded", "LookupFIB", sample_params("LookupFIB"), small, transport},
	    {"IPGWOptions, none", "IPGWOptions", sample_params("IPGWOptions"), small, transport},
	    {"CheckMTU", "CheckMTU", sample_params("CheckMTU"), small, transport},
	    {"FixIPSrc, no error of ours", "FixIPSrc", sample_params("FixIPSrc"), small, transport},
	    {"ICMPError, no error allowed", "ICMPError", sample_params("ICMPError"), unreachable, error},
	    {"ICMP6Error, no error allowed", "ICMP6Error", sample_params("ICMP6Error"), error6, error_6},
	    {"ICMPPingResponder, no request", "ICMPPingResponder", {}, small, transport},
	    {"NDPResponder, no solicitation", "NDPResponder", sample_params("NDPResponder"), small, transport},
	    {"SetIPDSCP", "SetIPDSCP", sample_params("SetIPDSCP"), small, transport},
	    {"Classifier 1 pattern", "Classifier", patterns({ip}), small, link},
	    {"Classifier 12/0800, -", "Classifier", patterns({ip, any}), small, link},
	    {"Classifier 3 patterns, last", "Classifier", patterns({arp, {{12, {0x86, 0xdd}}}, tcp}), small, link},
	    {"Classifier 16 patterns of 4 tests, none", "Classifier", sample_params("Classifier"), small, link},
	    {"CheckIPHeader", "CheckIPHeader", sample_params("CheckIPHeader"), small, net},
	    {"CheckIPHeader CHECKSUM false", "CheckIPHeader", checksum_off, small, net},
	    {"CheckIP6Header", "CheckIP6Header", {}, six, net},
	    {"CheckTCPHeader CHECKSUM false", "CheckTCPHeader", checksum_off, small, transport},
	    {"CheckTCPHeader 64 bytes", "CheckTCPHeader", sample_params("CheckTCPHeader"), small, transport},
	    {"CheckTCPHeader 1514 bytes", "CheckTCPHeader", sample_params("CheckTCPHeader"), large, jumbo},
	    {"CheckUDPHeader 64 bytes", "CheckUDPHeader", sample_params("CheckUDPHeader"), udp, udp_transport},
	    {"CheckICMPHeader 64 bytes", "CheckICMPHeader", sample_params("CheckICMPHeader"), ping, icmp_transport},
	    {"ReadWL listed", "ReadWL", sample_params("ReadWL"), small, transport},
	    {"ReadWL unlisted", "ReadWL", sample_params("ReadWL"), small, other},
	    {"WriteWL", "WriteWL", {}, small, transport},
	    {"ReadFSM SYN", "ReadFSM", sample_params("ReadFSM"), syn, other},
	    {"ReadFSM invalid", "ReadFSM", sample_params("ReadFSM"), small, other},
	    {"ReadFSM established", "ReadFSM", sample_params("ReadFSM"), small, transport},
	    {"WriteFSM SYN", "WriteFSM", {}, syn, other},
	    {"ReadClient, unknown", "ReadClient", sample_params("ReadClient"), syn, other},
	    {"SYNChallenge, no SYN", "SYNChallenge", {}, small, transport},
	    {"CheckSYNCookie, no RST", "CheckSYNCookie", {}, small, transport},
	    {"ReadConn established", "ReadConn", sample_params("ReadConn"), small, transport},
	    {"ReadConn new", "ReadConn", sample_params("ReadConn"), syn, other},
	    {"ReadConn UDP", "ReadConn", sample_params("ReadConn"), udp, query},
	    {"WriteConn, known", "WriteConn", sample_params("WriteConn"), small, transport},
	    {"ReadFrag, no fragment", "ReadFrag", sample_params("ReadFrag"), small, transport},
	    {"WriteFrag, no fragment", "WriteFrag", sample_params("WriteFrag"), small, transport},
	    {"ReadNAT inside, hit", "ReadNAT", inside, small, transport},
	    {"ReadNAT inside, miss", "ReadNAT", inside, small, fresh},
	    {"ReadNAT outside, hit", "ReadNAT", outside, small, answer},
	    {"ReadPool, port kept", "ReadPool", sample_params("ReadPool"), small, fresh},
	    {"WriteSession TCP", "WriteSession", sample_params("WriteSession"), small, translated},
	    {"ReadSession TCP", "ReadSession", sample_params("ReadSession"), small, answer},
	    {"IPRewrite TCP", "IPRewrite", {}, small, translated},
	    {"ReadService", "ReadService", {}, small, transport},
	    {"ReadAS assigned", "ReadAS", sample_params("ReadAS"), small, transport},
	    {"ReadAS unassigned", "ReadAS", sample_params("ReadAS"), small, fresh},
	    {"SelectServer", "SelectServer", {}, small, transport},
	    {"WriteAS", "WriteAS", sample_params("WriteAS"), small, transport},
	    {"ReadServer", "ReadServer", {}, small, transport},
	    {"WriteReturn", "WriteReturn", sample_params("WriteReturn"), small, transport},
	    {"ReadReturn", "ReadReturn", sample_params("ReadReturn"), small, balanced_back},
	    {"ICMPErrorFlow, no ICMP", "ICMPErrorFlow", {}, small, transport},
	    {"ICMPErrorFlow, error", "ICMPErrorFlow", {}, unreachable, error},
	    {"ARPResponder, no ARP", "ARPResponder", sample_params("ARPResponder"), small, link},
	};
}

// What the atoms find: one listed flow, with a handshake of its own.
void fill_state(Kernel& kernel, const flow_key& key)
{
	wl_entry listed{.created = now(), .last_seen = now(), .closing = WL_OPEN, .checked = 0};
	fsm_entry half_open{.last_seen = now(), .state = FSM_SYN_SENT, .zero = 0};
	bpf_map_update_elem(kernel.state("WL"), &key, &listed, BPF_ANY);
	bpf_map_update_elem(kernel.state("FSM"), &key, &half_open, BPF_ANY);

	const endpoint host{inet_addr("10.0.0.1"), htons(1000), 6, 0}, nat{inet_addr("192.0.2.1"), htons(1000), 6, 0};
	const nat_entry mapping{.outside = nat, .checked = 0, .zero = 0};
	const pool_entry lease{
	    .inside = host, .last_seen = now(), .idle = 240, .idle_open = 7440, .open = 1, .checked = 0};
	const session_key peer{nat, inet_addr("10.0.0.2"), htons(80), 0};
	const session_entry session{
	    .last_seen = now(), .idle = 240, .idle_open = 7440, .tcp = SESSION_ANSWERED | SESSION_OPEN, .checked = 0};
	conn_entry open{};
	open.last_seen = open.began = now();
	open.flags = CONN_REPLIED | CONN_ASSURED;
	open.idle = 120;
	flow_key udp_key = key;
	udp_key.dport = htons(53);
	udp_key.proto = 17;
	bpf_map_update_elem(kernel.state("CONN"), &udp_key, &open, BPF_ANY);
	open.state = CONN_ESTABLISHED;
	open.idle = 432000;
	open.side[0] = {
	    .end = 11, .max_end = 65536, .max_window = 65535, .max_ack = 1, .scale = 0, .flags = SIDE_ACKED, .zero = 0};
	open.side[1] = {
	    .end = 1, .max_end = 65546, .max_window = 65535, .max_ack = 11, .scale = 0, .flags = SIDE_ACKED, .zero = 0};
	bpf_map_update_elem(kernel.state("CONN"), &key, &open, BPF_ANY);
	service_key service{};
	std::memcpy(service.addr, key.daddr, sizeof service.addr);
	service.port = key.dport;
	service.proto = key.proto;
	const service_entry zero{0};
	const server_key server{0, 0};
	server_entry own{};
	std::memcpy(own.addr, key.daddr, sizeof own.addr);
	own.weight = 1;
	const assigned_entry assigned{.last_seen = now(), .service = 0, .server = 0, .phase = FLOW_TCP};
	bpf_map_update_elem(kernel.state("SERVICE"), &service, &zero, BPF_ANY);
	bpf_map_update_elem(kernel.state("SERVER"), &server, &own, BPF_ANY);
	bpf_map_update_elem(kernel.state("AS"), &key, &assigned, BPF_ANY);
	bpf_map_update_elem(kernel.state("NAT"), &host, &mapping, BPF_ANY);
	bpf_map_update_elem(kernel.state("POOL"), &nat, &lease, BPF_ANY);
	bpf_map_update_elem(kernel.state("SESSION"), &peer, &session, BPF_ANY);
}

// The least of several runs: what the others had on top was the machine's.
unsigned least(int rounds, const std::function<unsigned()>& run)
{
	unsigned best = ~0u;
	for (int i = 0; i < rounds; i++)
		best = std::min(best, run());
	return best;
}

} // namespace

int main(int argc, char** argv)
try {
	const int repeat = argc > 1 ? std::atoi(argv[1]) : 1'000'000, rounds = argc > 2 ? std::atoi(argv[2]) : 5;
	if (repeat <= 0 || rounds <= 0) {
		std::fprintf(stderr, "usage: nf_nodes [REPEAT [ROUNDS]]\n");
		return 1;
	}
	Kernel kernel;
	if (std::string why = kernel.open(); !why.empty()) {
		std::fprintf(stderr, "nf_nodes: %s\n", why.c_str());
		return 77; // ctest: skipped
	}
	const std::uint32_t port = 0, lo = if_nametoindex("lo");
	bpf_map_update_elem(kernel.ports(), &port, &lo, BPF_ANY);

	Object write_wl = kernel.load("WriteWL"); // makes the state maps
	Object read_nat = kernel.load("ReadNAT"), write_session = kernel.load("WriteSession");
	kernel.load("ReadService"), kernel.load("SelectServer"), kernel.load("ReadServer"), kernel.load("WriteAS");
	kernel.load("WriteConn");
	for (std::uint32_t i = 0; i < MAGLEV_SLOTS; i++) {
		const maglev_slot slot{1};
		bpf_map_update_elem(kernel.state("SERVER_MAGLEV"), &i, &slot, BPF_ANY);
	}
	Object write_return = kernel.load("WriteReturn", sample_params("WriteReturn"));
	nlohmann::ordered_json nodes = nlohmann::json::array();
	Fd empty = exit_program(1000);
	const std::vector<Case> all = cases();
	// A packet from inside, just now: what comes next need not look at the clock.
	auto refresh = [&] {
		for (const Case& c : all)
			if (c.name == "ReadNAT inside, hit")
				kernel.run(read_nat, c.frame, c.context);
			else if (c.name == "WriteSession TCP")
				kernel.run(write_session, c.frame, c.context);
			else if (c.name == "WriteReturn")
				kernel.run(write_return, c.frame, c.context);
	};
	const Bytes frame = Ethernet{} / Payload::of(50);
	const unsigned floor = least(rounds, [&] { return kernel.nanoseconds(empty.get(), frame, {}, repeat); });
	for (const Case& c : all) {
		Object node = kernel.load(c.cls, c.params);
		fill_state(kernel, flow("10.0.0.1", 1000, "10.0.0.2", 80, 6));
		refresh();
		const unsigned ns =
		    least(rounds, [&] { return kernel.nanoseconds(node.program, c.frame, c.context, repeat); });
		nodes.push_back({{"case", c.name},
				 {"class", c.cls},
				 {"bytes", c.frame.size()},
				 {"ns", ns},
				 {"ns_above_empty", static_cast<int>(ns) - static_cast<int>(floor)},
				 {"ratio", floor ? static_cast<double>(ns) / floor : 0}});
	}
	nlohmann::ordered_json report{{"repeat", repeat}, {"rounds", rounds}, {"empty_ns", floor}, {"nodes", nodes}};
	std::printf("%s\n", report.dump(2).c_str());
	return 0;
} catch (const std::exception& e) {
	std::fprintf(stderr, "nf_nodes: %s\n", e.what());
	return 2;
}
