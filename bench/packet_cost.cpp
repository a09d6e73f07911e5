// SPDX-License-Identifier: BSD-2-Clause
// What packets cost a running NF while its journal says this or that. For
// state_traffic.sh and state_packet.sh.
//
//	packet_cost JOURNAL LINK…
//		The packets that come: the time that the kernel counts for the programs on the
//		devices, with everything they tail-call (bpf(2), BPF_ENABLE_STATS; taking the time
//		is part of it, in every phase alike).
//	packet_cost --run JOURNAL LINK HIT MISS
//		Without traffic: one packet again and again (BPF_PROG_TEST_RUN, so caches are
//		warm), which updates the entry HIT of TAB, then one that asks for MISS, which is
//		not there. To be called in the device's network namespace.
//
// Every 50 ms, or 50,000 runs of each, until SIGINT or SIGTERM, one line of JSON: `at`, the
// end of the window (s, CLOCK_REALTIME); `operation`, what the journal said from its
// beginning to its end ("": nothing, null: it changed); `packets` and `ns` in all; with
// --run `hit` and `miss`, ns each.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <nlohmann/json.hpp>

#include "tests/e2e/migration/operation.h"

namespace {

using json = nlohmann::json;

[[noreturn]] void die(const std::string& what)
{
	std::fprintf(stderr, "packet_cost: %s: %s\n", what.c_str(), std::strerror(errno));
	std::exit(2);
}

std::string journal_operation(const std::string& journal)
{
	std::ifstream file(journal);
	const json content = json::parse(file, nullptr, false);
	return content.is_object() ? content.value("operation", "?") : "";
}

// The programs behind the links, each once.
std::vector<int> programs_of(char** links)
{
	std::set<__u32> ids;
	for (; *links; links++) {
		bpf_link_info info{};
		__u32 length = sizeof info;
		const int fd = bpf_obj_get(*links);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length) != 0)
			die(*links);
		ids.insert(info.prog_id);
	}
	std::vector<int> programs;
	for (const __u32 id : ids) {
		programs.push_back(bpf_prog_get_fd_by_id(id));
		if (programs.back() < 0)
			die("program " + std::to_string(id));
	}
	return programs;
}

struct Sample {
	std::uint64_t packets = 0, ns = 0;
};

Sample sample(const std::vector<int>& programs)
{
	Sample sum;
	for (const int fd : programs) {
		bpf_prog_info info{};
		__u32 length = sizeof info;
		if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0)
			die("a program");
		sum.packets += info.run_cnt;
		sum.ns += info.run_time_ns;
	}
	return sum;
}

volatile std::sig_atomic_t stopped = 0;

// Until we are told to stop: `measure` for a window, and what the journal said meanwhile.
template <class F> void watch(const std::string& journal, F&& measure)
{
	std::signal(SIGINT, [](int) { stopped = 1; });
	std::signal(SIGTERM, [](int) { stopped = 1; });
	std::string before = journal_operation(journal);
	while (!stopped) {
		json line = measure();
		const std::string after = journal_operation(journal);
		timespec now{};
		clock_gettime(CLOCK_REALTIME, &now);
		line["at"] = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
		line["operation"] = before == after ? json(after) : json(nullptr);
		std::printf("%s\n", line.dump().c_str());
		before = after;
	}
}

int live(const std::string& journal, char** links)
{
	const auto programs = programs_of(links);
	if (bpf_enable_stats(BPF_STATS_RUN_TIME) < 0) // until this process ends
		die("the kernel's statistics");
	Sample last = sample(programs);
	watch(journal, [&] {
		timespec window{0, 50'000'000};
		nanosleep(&window, nullptr);
		const Sample next = sample(programs);
		json line = {{"packets", next.packets - last.packets}, {"ns", next.ns - last.ns}};
		last = next;
		return line;
	});
	return 0;
}

struct Frame {
	ethhdr ethernet;
	iphdr ip;
	udphdr udp;
	operation op;
} __attribute__((packed));

Frame frame_for(__u32 id)
{
	Frame frame{};
	frame.ethernet.h_proto = htons(ETH_P_IP);
	frame.ip.version = 4;
	frame.ip.ihl = 5;
	frame.ip.ttl = 64;
	frame.ip.protocol = IPPROTO_UDP;
	frame.ip.tot_len = htons(sizeof frame - sizeof frame.ethernet);
	frame.ip.saddr = htonl(0x0a010101);
	frame.ip.daddr = htonl(0x0a010102);
	__u16 words[sizeof frame.ip / 2];
	std::memcpy(words, &frame.ip, sizeof frame.ip);
	__u32 sum = 0;
	for (const __u16 word : words)
		sum += word;
	sum = (sum & 0xffff) + (sum >> 16);
	frame.ip.check = static_cast<__u16>(~((sum & 0xffff) + (sum >> 16)));
	frame.udp.len = htons(sizeof frame.udp + sizeof frame.op);
	frame.op = {OP_MAGIC, OP_UPDATE, id, 1, 0};
	return frame;
}

// ns a packet.
__u32 run(int program, __u32 ifindex, Frame& frame)
{
	xdp_md context{};
	context.data_end = sizeof frame;
	context.ingress_ifindex = ifindex;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &frame, .data_size_in = sizeof frame, .ctx_in = &context,
		    .ctx_size_in = sizeof context, .repeat = 50'000);
	if (bpf_prog_test_run_opts(program, &options) != 0) {
		if (errno == EINTR)
			return 0;
		die("BPF_PROG_TEST_RUN");
	}
	if (options.retval != 4) { // XDP_REDIRECT
		errno = EPROTO;
		die("the packet is not forwarded");
	}
	return options.duration;
}

int repeated(const std::string& journal, const char* path, __u32 hit, __u32 miss)
{
	bpf_link_info info{};
	__u32 length = sizeof info;
	const int link = bpf_obj_get(path);
	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &length) != 0)
		die(path);
	const int program = bpf_prog_get_fd_by_id(info.prog_id);
	if (program < 0)
		die("the program of the link");
	Frame there = frame_for(hit), absent = frame_for(miss);
	watch(journal, [&] {
		return json{{"hit", run(program, info.xdp.ifindex, there)},
			    {"miss", run(program, info.xdp.ifindex, absent)}};
	});
	return 0;
}

} // namespace

int main(int argc, char** argv)
{
	if (argc == 6 && std::string(argv[1]) == "--run")
		return repeated(argv[2], argv[3], static_cast<__u32>(std::atol(argv[4])),
				static_cast<__u32>(std::atol(argv[5])));
	if (argc > 2 && argv[1][0] != '-')
		return live(argv[1], argv + 2);
	std::fprintf(stderr, "usage: packet_cost JOURNAL LINK… | --run JOURNAL LINK HIT MISS\n");
	return 1;
}
