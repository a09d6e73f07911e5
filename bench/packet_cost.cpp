// SPDX-License-Identifier: BSD-2-Clause
// What packets cost a running NF: the time that the kernel counts for the programs on
// its devices, with everything they tail-call (bpf(2), BPF_ENABLE_STATS; taking the time
// costs some 20 to 40 ns of each packet itself, in every phase alike). For bench/state_traffic.sh.
//
//	packet_cost JOURNAL LINK…
//
// Every 50 ms, until SIGINT or SIGTERM, one line of JSON: `at`, the end of the window (s, CLOCK_REALTIME);
// `operation`, what the NF's journal said from its beginning to its end ("": nothing, null:
// it changed); `packets`; `ns` in all.
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

#include <bpf/bpf.h>
#include <nlohmann/json.hpp>

namespace {

using json = nlohmann::json;

[[noreturn]] void die(const std::string& what)
{
	std::fprintf(stderr, "packet_cost: %s: %s\n", what.c_str(), std::strerror(errno));
	std::exit(2);
}

std::string operation(const std::string& journal)
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

} // namespace

int main(int argc, char** argv)
{
	if (argc < 3) {
		std::fprintf(stderr, "usage: packet_cost JOURNAL LINK…\n");
		return 1;
	}
	const std::string journal = argv[1];
	const auto programs = programs_of(argv + 2);
	if (bpf_enable_stats(BPF_STATS_RUN_TIME) < 0) // until this process ends
		die("the kernel's statistics");
	std::signal(SIGINT, [](int) { stopped = 1; });
	std::signal(SIGTERM, [](int) { stopped = 1; });
	std::string before = operation(journal);
	for (Sample last = sample(programs); !stopped;) {
		timespec window{0, 50'000'000}, now{};
		nanosleep(&window, nullptr);
		const Sample next = sample(programs);
		const std::string after = operation(journal);
		clock_gettime(CLOCK_REALTIME, &now);
		std::printf("%s\n",
			    json({{"at", static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9},
				  {"operation", before == after ? json(after) : json(nullptr)},
				  {"packets", next.packets - last.packets},
				  {"ns", next.ns - last.ns}})
				.dump()
				.c_str());
		last = next;
		before = after;
	}
	return 0;
}
