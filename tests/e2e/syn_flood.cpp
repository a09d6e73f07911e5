// SPDX-License-Identifier: BSD-2-Clause
// SYNs from random sources at line rate, made in the kernel: an XDP program writes
// each frame (BPF_F_TEST_XDP_LIVE_FRAMES) and sends it out of one host's eth0; one on
// the other's takes and counts what arrives.
//
//	syn_flood --from NETNS --to NETNS --dest IP --seconds S
//
// The result is JSON on stdout.
#include <netinet/in.h>

#include "netns.h"
#include "syn_flood.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <getopt.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sys/mman.h>

namespace {

using e2e::die;
using e2e::now_ns;

constexpr unsigned batch = 64;        // frames between two looks at softirqs; a veth ring holds 256
constexpr unsigned at_once = 250'000; // a call costs about 20 ms, whatever it sends

struct Options {
	std::string from, to, dest;
	double seconds = 0;
};

std::uint16_t checksum(const void* header, std::size_t size)
{
	std::uint32_t sum = 0;
	for (std::size_t i = 0; i < size; i += 2) {
		std::uint16_t word;
		std::memcpy(&word, static_cast<const char*>(header) + i, sizeof word);
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return static_cast<std::uint16_t>(~(sum + (sum >> 16)));
}

// Right for addresses and ports that are 0 in what is given.
std::uint16_t tcp_checksum(const void* addresses, std::size_t size, const tcphdr& tcp)
{
	std::array<char, 64> bytes{};
	const std::uint16_t rest[] = {htons(IPPROTO_TCP), htons(sizeof tcp)};
	std::memcpy(bytes.data(), addresses, size);
	std::memcpy(bytes.data() + size, rest, sizeof rest);
	std::memcpy(bytes.data() + size + sizeof rest, &tcp, sizeof tcp);
	return checksum(bytes.data(), bytes.size());
}

flood_frame pattern(const std::string& dest)
{
	flood_frame frame{};
	std::memset(frame.v4.eth.h_source, 0xee, ETH_ALEN);
	std::memset(frame.v4.eth.h_dest, 0xee, ETH_ALEN);
	tcphdr tcp{};
	tcp.dest = htons(FLOOD_PORT);
	tcp.doff = sizeof tcp / 4;
	tcp.syn = 1;
	tcp.window = htons(1024);
	const auto address = e2e::parse_address(dest, 0);
	if (address.family() == AF_INET) {
		iphdr ip{};
		frame.v4.eth.h_proto = htons(ETH_P_IP);
		ip.version = 4;
		ip.ihl = sizeof ip / 4;
		ip.tot_len = htons(sizeof ip + sizeof tcp);
		ip.ttl = 64;
		ip.protocol = IPPROTO_TCP;
		ip.daddr = reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr.s_addr;
		ip.check = checksum(&ip, sizeof ip);
		tcp.check = tcp_checksum(&ip.saddr, 8, tcp);
		std::memcpy(&frame.v4.ip, &ip, sizeof ip);
		std::memcpy(&frame.v4.tcp, &tcp, sizeof tcp);
	} else {
		ipv6hdr ip{};
		frame.v6.eth.h_proto = htons(ETH_P_IPV6);
		ip.version = 6;
		ip.payload_len = htons(sizeof tcp);
		ip.nexthdr = IPPROTO_TCP;
		ip.hop_limit = 64;
		const auto& to = reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr;
		std::memcpy(&ip.daddr, &to, sizeof to);
		std::memcpy(&ip.saddr, &to, 8); // of the same network
		tcp.check = tcp_checksum(&ip.saddr, 32, tcp);
		std::memcpy(&frame.v6.ip, &ip, sizeof ip);
		std::memcpy(&frame.v6.tcp, &tcp, sizeof tcp);
	}
	return frame;
}

void send(int program, unsigned frames)
{
	flood_frame frame{};
	xdp_md context{};
	context.data_end = sizeof frame;
	context.ingress_ifindex = if_nametoindex("eth0");
	LIBBPF_OPTS(bpf_test_run_opts, options);
	options.data_in = &frame;
	options.data_size_in = sizeof frame;
	options.ctx_in = &context;
	options.ctx_size_in = sizeof context;
	options.repeat = static_cast<int>(frames);
	options.batch_size = batch;
	options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	if (bpf_prog_test_run_opts(program, &options) != 0 && errno != EINTR)
		die("run live frames");
}

Options parse(int argc, char** argv)
{
	static const option longs[] = {{"from", required_argument, nullptr, 'f'},
				       {"to", required_argument, nullptr, 't'},
				       {"dest", required_argument, nullptr, 'd'},
				       {"seconds", required_argument, nullptr, 's'},
				       {nullptr, 0, nullptr, 0}};
	Options opt;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, nullptr)) != -1) {
		switch (c) {
		case 'f':
			opt.from = optarg;
			break;
		case 't':
			opt.to = optarg;
			break;
		case 'd':
			opt.dest = optarg;
			break;
		case 's':
			opt.seconds = std::atof(optarg);
			break;
		default:
			std::exit(2);
		}
	}
	if (opt.from.empty() || opt.to.empty() || opt.dest.empty() || opt.seconds <= 0) {
		std::fprintf(stderr, "usage: syn_flood --from NETNS --to NETNS --dest IP --seconds S\n");
		std::exit(2);
	}
	return opt;
}

} // namespace

int main(int argc, char** argv)
{
	const Options opt = parse(argc, argv);
	const flood_frame frame = pattern(opt.dest);

	e2e::stop_on_signals();
	bpf_object* object = bpf_object__open_file(NFUP_SYN_FLOOD, nullptr);
	if (!object)
		die(NFUP_SYN_FLOOD);
	if (bpf_map__set_initial_value(bpf_object__find_map_by_name(object, ".rodata"), &frame, sizeof frame) != 0 ||
	    bpf_object__load(object) != 0)
		die("load " NFUP_SYN_FLOOD);
	void* shared = mmap(nullptr, sizeof(flood_counts), PROT_READ, MAP_SHARED,
			    bpf_map__fd(bpf_object__find_map_by_name(object, ".bss")), 0);
	if (shared == MAP_FAILED)
		die("mmap of the counts");
	const auto* counts = static_cast<const volatile flood_counts*>(shared);

	e2e::enter_netns(opt.to);
	bpf_link* link = bpf_program__attach_xdp(bpf_object__find_program_by_name(object, "sink"),
						 static_cast<int>(if_nametoindex("eth0")));
	if (!link)
		die("attach to eth0 of " + opt.to);
	e2e::enter_netns(opt.from);
	const int program = bpf_program__fd(bpf_object__find_program_by_name(object, "flood"));
	const std::uint64_t start = now_ns(), end = start + static_cast<std::uint64_t>(opt.seconds * 1e9);
	while (!e2e::stop_requested && now_ns() < end)
		send(program, at_once);
	const double seconds = static_cast<double>(now_ns() - start) / 1e9;
	std::printf("{\"sent\":%llu,\"received\":%llu,\"seconds\":%.3f,\"rate\":%.0f}\n", counts->sent,
		    counts->received, seconds, static_cast<double>(counts->sent) / seconds);
	bpf_link__destroy(link);
	bpf_object__close(object);
	return 0;
}
