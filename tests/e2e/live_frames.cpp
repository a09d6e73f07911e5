// SPDX-License-Identifier: BSD-2-Clause
// Line-rate traffic both ways between two hosts, made and counted in the kernel:
// an XDP program writes each frame (BPF_F_TEST_XDP_LIVE_FRAMES) and sends it out
// of one host's eth0; one on the other's counts what arrives, by the two stamps
// that the path put on it (DSCP, last byte of the addresses).
//
//	live_frames --client NETNS --server NETNS [--packets N] [--rate N]
//
// --packets: in all, both ways together; without it until SIGINT or SIGTERM.
// --rate: packets a second, both ways together; without it as fast as it goes.
// The result is JSON on stdout, with the stamps seen as [DSCP, address, packets].
#include "live_frame.h"
#include "netns.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <getopt.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using e2e::die;
using e2e::now_ns;

constexpr unsigned batch = 64;                // frames between two looks at softirqs
constexpr unsigned most_at_once = 1'000'000;  // a call costs about 20 ms, whatever it sends
constexpr std::uint64_t tick_ns = 20'000'000; // so paced traffic goes in bursts of that
constexpr std::uint64_t linger_ns = 1'000'000'000;
constexpr std::uint64_t dead_ns = 10'000'000'000; // nothing arrives for so long: it never will

struct Options {
	std::string client, server;
	std::uint64_t packets = 0; // each way; 0: no end
	double rate = 0;           // each way; 0: no limit
};

// Frames from one host to another.
class Direction {
public:
	Direction(std::string from, std::string to, unsigned cpu)
	    : from_(std::move(from)), to_(std::move(to)), cpu_(cpu)
	{
		object_ = bpf_object__open_file(NFUP_LIVE_FRAMES, nullptr);
		if (!object_)
			die(NFUP_LIVE_FRAMES);
		const live_frame pattern = make_frame();
		if (bpf_map__set_initial_value(map(".rodata"), &pattern, sizeof pattern) != 0)
			die("rodata of " NFUP_LIVE_FRAMES);
		if (bpf_object__load(object_) != 0)
			die("load " NFUP_LIVE_FRAMES);
		void* shared = mmap(nullptr, sizeof(live_counts), PROT_READ, MAP_SHARED, bpf_map__fd(map(".bss")), 0);
		if (shared == MAP_FAILED)
			die("mmap of the counts");
		counts_ = static_cast<const volatile live_counts*>(shared);
	}
	~Direction()
	{
		munmap(const_cast<live_counts*>(counts_), sizeof(live_counts));
		bpf_link__destroy(link_);
		bpf_object__close(object_);
	}
	Direction(const Direction&) = delete;
	Direction& operator=(const Direction&) = delete;

	// The receiving end; the link, and with it the program, goes with this object.
	void listen()
	{
		std::thread([this] {
			e2e::enter_netns(to_);
			link_ = bpf_program__attach_xdp(bpf_object__find_program_by_name(object_, "check"),
							static_cast<int>(if_nametoindex("eth0")));
			if (!link_)
				die("attach to eth0 of " + to_);
		}).join();
	}

	void send(const Options& opt)
	{
		cpu_set_t only;
		CPU_ZERO(&only);
		CPU_SET(cpu_, &only);
		if (sched_setaffinity(0, sizeof only, &only) != 0)
			die("sched_setaffinity");
		e2e::enter_netns(from_);
		const std::uint64_t start = now_ns();
		std::uint64_t seen = 0, since = start;
		while (!e2e::stop_requested && (opt.packets == 0 || counts_->sent < opt.packets)) {
			if (counts_->received != seen || counts_->expected == counts_->sent) {
				seen = counts_->received;
				since = now_ns();
			} else if (now_ns() > since + dead_ns) {
				std::fprintf(stderr, "live_frames: nothing arrives any more from %s\n", from_.c_str());
				return;
			}
			std::uint64_t due = most_at_once;
			if (opt.rate > 0) {
				due = static_cast<std::uint64_t>(static_cast<double>(now_ns() - start + tick_ns) *
								 opt.rate / 1e9);
				due -= std::min<std::uint64_t>(due, counts_->sent);
			}
			if (opt.packets != 0)
				due = std::min<std::uint64_t>(due, opt.packets - counts_->sent);
			if (due > 0)
				run(static_cast<unsigned>(std::min<std::uint64_t>(due, most_at_once)));
			if (opt.rate > 0)
				usleep(static_cast<useconds_t>(tick_ns / 1000));
		}
	}

	// Until all has arrived, or nothing has for a while.
	void wait_for_the_rest() const
	{
		std::uint64_t seen = counts_->received, since = now_ns();
		while (counts_->received < counts_->sent && now_ns() < since + linger_ns) {
			usleep(1000);
			if (counts_->received != seen) {
				seen = counts_->received;
				since = now_ns();
			}
		}
	}

	live_counts counts() const
	{
		live_counts copy;
		std::memcpy(&copy, const_cast<const live_counts*>(counts_), sizeof copy);
		return copy;
	}

private:
	bpf_map* map(const char* section) const { return bpf_object__find_map_by_name(object_, section); }

	live_frame make_frame() const
	{
		live_frame frame{};
		std::memset(frame.eth.h_source, 0xee, ETH_ALEN); // no stamp of a test's
		std::memset(frame.eth.h_dest, 0xee, ETH_ALEN);
		frame.eth.h_proto = htons(ETH_P_IP);
		frame.ip.version = 4;
		frame.ip.ihl = 5;
		frame.ip.tot_len = htons(sizeof frame - sizeof frame.eth);
		frame.ip.ttl = 64;
		frame.ip.protocol = IPPROTO_UDP;
		frame.ip.saddr = htonl(0x0a4d0001 + (from_ > to_));
		frame.ip.daddr = htonl(0x0a4d0001 + (from_ < to_));
		std::uint16_t words[sizeof frame.ip / 2];
		std::memcpy(words, &frame.ip, sizeof words);
		unsigned sum = 0;
		for (std::uint16_t word : words)
			sum += word;
		sum = (sum & 0xffff) + (sum >> 16);
		frame.ip.check = static_cast<std::uint16_t>(~(sum + (sum >> 16)));
		frame.udp.dest = htons(7779);
		frame.udp.len = htons(sizeof frame - sizeof frame.eth - sizeof frame.ip);
		frame.magic = LIVE_MAGIC;
		return frame;
	}

	void run(unsigned frames)
	{
		live_frame frame{};
		xdp_md context{};
		context.data_end = sizeof frame;
		context.ingress_ifindex = if_nametoindex("eth0");
		LIBBPF_OPTS(bpf_test_run_opts, options);
		options.data_in = &frame;
		options.data_size_in = sizeof frame;
		options.ctx_in = &context;
		options.ctx_size_in = sizeof context;
		options.repeat = static_cast<int>(frames);
		options.batch_size = std::min(frames, batch);
		options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
		const int program = bpf_program__fd(bpf_object__find_program_by_name(object_, "generate"));
		if (bpf_prog_test_run_opts(program, &options) != 0 && errno != EINTR)
			die("run live frames");
	}

	std::string from_, to_;
	unsigned cpu_;
	bpf_object* object_ = nullptr;
	bpf_link* link_ = nullptr;
	const volatile live_counts* counts_ = nullptr;
};

std::vector<unsigned> usable_cpus()
{
	cpu_set_t set;
	std::vector<unsigned> cpus;
	if (sched_getaffinity(0, sizeof set, &set) != 0)
		die("sched_getaffinity");
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus.push_back(cpu);
	return cpus;
}

Options parse(int argc, char** argv)
{
	static const option longs[] = {{"client", required_argument, nullptr, 'c'},
				       {"server", required_argument, nullptr, 's'},
				       {"packets", required_argument, nullptr, 'n'},
				       {"rate", required_argument, nullptr, 'r'},
				       {nullptr, 0, nullptr, 0}};
	Options opt;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, nullptr)) != -1) {
		switch (c) {
		case 'c':
			opt.client = optarg;
			break;
		case 's':
			opt.server = optarg;
			break;
		case 'n':
			opt.packets = std::strtoull(optarg, nullptr, 10) / 2;
			break;
		case 'r':
			opt.rate = std::atof(optarg) / 2;
			break;
		default:
			std::exit(1);
		}
	}
	if (opt.client.empty() || opt.server.empty()) {
		std::fprintf(stderr, "usage: live_frames --client NETNS --server NETNS [--packets N] [--rate N]\n");
		std::exit(1);
	}
	return opt;
}

void print(const std::vector<live_counts>& ways, double seconds)
{
	live_counts sum{};
	std::uint64_t mixed = 0;
	std::string stamps;

	for (const live_counts& way : ways) {
		sum.sent += way.sent;
		sum.received += way.received;
		sum.missing += way.missing;
		sum.behind += way.behind;
		sum.damaged += way.damaged;
		sum.torn += way.torn;
		for (unsigned dscp = 0; dscp < LIVE_STAMPS; dscp++)
			for (unsigned address = 0; address < LIVE_STAMPS; address++)
				sum.stamps[dscp][address] += way.stamps[dscp][address];
	}
	for (unsigned dscp = 0; dscp < LIVE_STAMPS; dscp++)
		for (unsigned address = 0; address < LIVE_STAMPS; address++)
			if (const auto packets = sum.stamps[dscp][address]) {
				mixed += dscp == address ? 0 : packets;
				stamps += (stamps.empty() ? "[" : ",[") + std::to_string(dscp) + "," +
					  std::to_string(address) + "," + std::to_string(packets) + "]";
			}
	std::printf("{\"sent\":%llu,\"received\":%llu,\"missing\":%llu,\"behind\":%llu,\"damaged\":%llu,\"torn\":%llu,"
		    "\"mixed\":%lu,\"stamps\":[%s],\"seconds\":%.3f,\"rate\":%.0f}\n",
		    sum.sent, sum.received, sum.missing, sum.behind, sum.damaged, sum.torn, mixed, stamps.c_str(),
		    seconds, static_cast<double>(sum.sent) / seconds);
}

} // namespace

int main(int argc, char** argv)
{
	const Options opt = parse(argc, argv);
	const auto cpus = usable_cpus();

	e2e::stop_on_signals();
	Direction up(opt.client, opt.server, cpus.front()), down(opt.server, opt.client, cpus.back());
	up.listen();
	down.listen();
	const std::uint64_t start = now_ns();
	std::thread threads[] = {std::thread([&] { up.send(opt); }), std::thread([&] { down.send(opt); })};
	for (auto& thread : threads)
		thread.join();
	const double seconds = static_cast<double>(now_ns() - start) / 1e9;
	up.wait_for_the_rest();
	down.wait_for_the_rest();
	print({up.counts(), down.counts()}, seconds);
	return 0;
}
