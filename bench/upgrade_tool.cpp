// SPDX-License-Identifier: BSD-2-Clause
// For bench/upgrade.sh: what cannot be done from a shell.
//
//	upgrade_tool bare SLOTS SLOT PROGRAM PROGRAM RUNS
//		writes the slot with the two programs by turns, and waits for a grace
//		period by itself; pins are given. Medians as JSON.
//	upgrade_tool fill MAP COUNT
//		fills a pinned whitelist (bpf/atoms/whitelist_entry.h) with flows.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/atoms/whitelist_entry.h"
#include "bpf/contract.h"

namespace {

[[noreturn]] void die(const char* what)
{
	std::fprintf(stderr, "upgrade_tool: %s: %s\n", what, std::strerror(errno));
	std::exit(2);
}

int open_pin(const char* path)
{
	const int fd = bpf_obj_get(path);
	if (fd < 0)
		die(path);
	return fd;
}

template <class F> double median_us(int runs, F&& run)
{
	std::vector<double> us;
	for (int i = 0; i < runs; i++) {
		const auto start = std::chrono::steady_clock::now();
		run(i);
		us.push_back(
		    std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
	}
	std::ranges::sort(us);
	return us[us.size() / 2];
}

int bare(char** argument)
{
	const int slots = open_pin(argument[0]);
	const int programs[] = {open_pin(argument[2]), open_pin(argument[3])};
	const auto slot = static_cast<__u32>(std::atoi(argument[1]));
	const int runs = std::atoi(argument[4]) & ~1; // ends as it began

	const double write = median_us(runs, [&](int i) {
		if (bpf_map_update_elem(slots, &slot, &programs[i % 2], BPF_ANY) != 0)
			die("write the slot");
	});
	const double wait = median_us(runs, [](int) {
		if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0)
			die("membarrier");
	});
	std::printf("{\"bare_write_us\":%.1f,\"bare_membarrier_ms\":%.3f}\n", write, wait / 1000);
	return 0;
}

std::uint64_t coarse_now()
{
	timespec t{};
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

int fill(char** argument)
{
	const int map = open_pin(argument[0]);
	const auto count = static_cast<__u32>(std::atol(argument[1]));
	std::vector<flow_key> keys(count);
	std::vector<wl_entry> values(
	    count, {.created = coarse_now(), .last_seen = coarse_now(), .closing = WL_OPEN, .checked = 0});

	for (__u32 i = 0; i < count; i++) {
		flow_key& key = keys[i];
		key.saddr[10] = key.saddr[11] = key.daddr[10] = key.daddr[11] = 0xff;
		const __u32 from = htonl(0x0b000000 + i / 60000), to = htonl(0x0a4d0002);
		std::memcpy(key.saddr + 12, &from, 4);
		std::memcpy(key.daddr + 12, &to, 4);
		key.sport = htons(static_cast<std::uint16_t>(1024 + i % 60000));
		key.dport = htons(80);
		key.proto = 6;
		key.family = 4;
	}
	__u32 done = count;
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	if (count > 0 && bpf_map_update_batch(map, keys.data(), values.data(), &done, &options) != 0)
		die("fill the map");
	return 0;
}

} // namespace

int main(int argc, char** argv)
{
	const std::string command = argc > 1 ? argv[1] : "";

	if (command == "bare" && argc == 7)
		return bare(argv + 2);
	if (command == "fill" && argc == 4)
		return fill(argv + 2);
	std::fprintf(stderr, "usage: upgrade_tool bare SLOTS SLOT PROGRAM PROGRAM RUNS | fill MAP COUNT\n");
	return 1;
}
