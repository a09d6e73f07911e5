// SPDX-License-Identifier: BSD-2-Clause
// Counts every packet of a paced UDP stream from one host to another: lost,
// duplicated, reordered, and the longest gap. Both ends are in one process, so
// "sent" and "received" need no protocol between them.
//
//	udp_probe --from NETNS --to NETNS --dest IP [--port N] [--rate N] [--seconds S] [--size BYTES]
//
// Without --seconds it runs until SIGINT or SIGTERM. The result is JSON on
// stdout. What the receiving socket itself dropped is told apart
// (receiver_overflow): that is this tool's fault, not the path's.
#include "netns.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <getopt.h>
#include <sched.h>
#include <unistd.h>

namespace {

using e2e::die;
using e2e::now_ns;

constexpr std::size_t batch = 32;      // packets per system call, well below veth's ring of 256
constexpr std::size_t max_size = 8000; // above 1472, on a 1500 byte MTU, in fragments
constexpr std::uint64_t linger_ns = 500'000'000;

struct Options {
	std::string from, to, dest;
	std::uint16_t port = 7777;
	double rate = 1000, seconds = 0;
	std::size_t size = 64;
};

struct Payload {
	std::uint64_t run; // tells this run's packets from strays
	std::uint64_t sequence;
	std::uint64_t sent_ns;
};

struct Result {
	std::uint64_t sent = 0, send_errors = 0, longest_send_gap = 0, send_time = 0;
	std::uint64_t received = 0, duplicated = 0, reordered = 0, overflow = 0, longest_gap = 0;
	std::uint64_t gap_end = 0;
};

std::atomic<std::uint64_t> sending_ended{0}; // when, or 0

void sleep_until(std::uint64_t when)
{
	timespec t{static_cast<time_t>(when / 1'000'000'000u), static_cast<long>(when % 1'000'000'000u)};

	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, nullptr);
}

// Ahead of the load on a busy machine, where that is allowed: the gaps to
// measure are the path's, not the scheduler's.
void run_first()
{
	sched_param param{.sched_priority = 1};

	(void)sched_setscheduler(0, SCHED_FIFO, &param);
}

void send_stream(const Options& opt, int fd, std::uint64_t run, Result& result)
{
	std::array<std::array<char, max_size>, batch> buffers{};
	std::array<iovec, batch> vectors{};
	std::array<mmsghdr, batch> messages{};
	double interval = 1e9 / opt.rate;
	std::uint64_t start = now_ns(), scheduled = 0, last = 0;
	std::uint64_t end = opt.seconds > 0 ? start + static_cast<std::uint64_t>(opt.seconds * 1e9) : ~0ull;
	std::uint64_t began = start;

	run_first();
	for (std::size_t i = 0; i < batch; i++) {
		vectors[i] = {buffers[i].data(), opt.size};
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (std::uint64_t now = start; now < end && !e2e::stop_requested; now = now_ns()) {
		auto due = static_cast<std::uint64_t>(static_cast<double>(now - start) / interval) + 1;

		if (due <= scheduled) {
			// At most every half millisecond: fast streams go in small batches.
			auto next = start + static_cast<std::uint64_t>(static_cast<double>(scheduled) * interval);
			sleep_until(std::max(next, now + 500'000));
			continue;
		}
		// Held up for long: go on from here; a burst to catch up would
		// overrun queues and look like loss.
		if (due - scheduled > 4 * batch) {
			start = now - static_cast<std::uint64_t>(static_cast<double>(scheduled) * interval);
			due = scheduled + 1;
		}
		auto n = static_cast<unsigned>(std::min<std::uint64_t>(due - scheduled, batch));
		for (unsigned i = 0; i < n; i++) {
			Payload payload{run, result.sent + i, now};
			std::memcpy(buffers[i].data(), &payload, sizeof payload);
		}
		int done = sendmmsg(fd, messages.data(), n, 0);
		if (done < 0) {
			result.send_errors++;
			sleep_until(now + 1'000'000);
			continue;
		}
		if (last != 0)
			result.longest_send_gap = std::max(result.longest_send_gap, now - last);
		last = now;
		result.sent += static_cast<std::uint64_t>(done);
		scheduled += static_cast<std::uint64_t>(done);
	}
	result.send_time = now_ns() - began;
	sending_ended = now_ns();
}

// Kernel receive time and the socket's drop counter, from the control data.
std::uint64_t arrival(msghdr& header, Result& result)
{
	std::uint64_t at = 0;

	for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SO_TIMESTAMPNS) {
			timespec t{};
			std::memcpy(&t, CMSG_DATA(c), sizeof t);
			at = static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
			     static_cast<std::uint64_t>(t.tv_nsec);
		} else if (c->cmsg_type == SO_RXQ_OVFL) {
			std::uint32_t dropped = 0;
			std::memcpy(&dropped, CMSG_DATA(c), sizeof dropped);
			result.overflow = dropped;
		}
	}
	return at != 0 ? at : now_ns();
}

void receive_stream(int fd, std::uint64_t run, Result& result)
{
	constexpr std::size_t many = 256;
	std::vector<std::array<char, max_size>> buffers(many);
	std::vector<std::array<char, 128>> controls(many);
	std::vector<iovec> vectors(many);
	std::vector<mmsghdr> messages(many);
	std::vector<bool> seen;
	std::uint64_t last = 0, highest = 0;

	run_first();
	for (;;) {
		for (std::size_t i = 0; i < many; i++) {
			vectors[i] = {buffers[i].data(), max_size};
			messages[i].msg_hdr = {};
			messages[i].msg_hdr.msg_iov = &vectors[i];
			messages[i].msg_hdr.msg_iovlen = 1;
			messages[i].msg_hdr.msg_control = controls[i].data();
			messages[i].msg_hdr.msg_controllen = controls[i].size();
		}
		int n = recvmmsg(fd, messages.data(), many, MSG_WAITFORONE, nullptr);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			die("recvmmsg");
		for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(n, 0)); i++) {
			Payload payload{};
			std::memcpy(&payload, buffers[i].data(), sizeof payload);
			if (messages[i].msg_len < sizeof payload || payload.run != run)
				continue;
			std::uint64_t at = arrival(messages[i].msg_hdr, result);
			if (last != 0 && at > last && at - last > result.longest_gap) {
				result.longest_gap = at - last;
				result.gap_end = at;
			}
			last = std::max(last, at);
			if (payload.sequence >= seen.size())
				seen.resize(payload.sequence + payload.sequence / 2 + 4096);
			if (seen[payload.sequence]) {
				result.duplicated++;
				continue;
			}
			seen[payload.sequence] = true;
			result.received++;
			if (payload.sequence < highest)
				result.reordered++;
			highest = std::max(highest, payload.sequence);
		}
		std::uint64_t ended = sending_ended;
		if (n <= 0 && ended != 0 && now_ns() > ended + linger_ns)
			return;
	}
}

int receiver_socket(const Options& opt)
{
	e2e::enter_netns(opt.to);
	auto address = e2e::parse_address(opt.dest, opt.port);
	int fd = socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1, room = 64 << 20;
	timeval patience{0, 100'000};

	if (fd < 0 || bind(fd, address.get(), address.length) != 0)
		die("bind " + opt.dest);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
		die("setsockopt");
	return fd;
}

int sender_socket(const Options& opt)
{
	e2e::enter_netns(opt.from);
	auto address = e2e::parse_address(opt.dest, opt.port);
	int fd = socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, address.get(), address.length) != 0)
		die("connect " + opt.dest);
	return fd;
}

Options parse(int argc, char** argv)
{
	static const option longs[] = {
	    {"from", required_argument, nullptr, 'f'}, {"to", required_argument, nullptr, 't'},
	    {"dest", required_argument, nullptr, 'd'}, {"port", required_argument, nullptr, 'p'},
	    {"rate", required_argument, nullptr, 'r'}, {"seconds", required_argument, nullptr, 's'},
	    {"size", required_argument, nullptr, 'z'}, {nullptr, 0, nullptr, 0}};
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
		case 'p':
			opt.port = static_cast<std::uint16_t>(std::atoi(optarg));
			break;
		case 'r':
			opt.rate = std::atof(optarg);
			break;
		case 's':
			opt.seconds = std::atof(optarg);
			break;
		case 'z':
			opt.size = static_cast<std::size_t>(std::atoi(optarg));
			break;
		default:
			std::exit(1);
		}
	}
	if (opt.from.empty() || opt.to.empty() || opt.dest.empty() || opt.rate <= 0 || opt.size < sizeof(Payload) ||
	    opt.size > max_size) {
		std::fprintf(stderr, "usage: udp_probe --from NETNS --to NETNS --dest IP [--port N] [--rate N] "
				     "[--seconds S] [--size 24..8000]\n");
		std::exit(1);
	}
	return opt;
}

} // namespace

int main(int argc, char** argv)
{
	Options opt = parse(argc, argv);
	Result sent, got;
	std::uint64_t run = std::random_device{}();

	run = run << 32 | std::random_device{}();
	e2e::stop_on_signals();
	int in = receiver_socket(opt), out = sender_socket(opt);
	std::thread receiver([&] { receive_stream(in, run, got); });
	send_stream(opt, out, run, sent);
	receiver.join();
	close(in);
	close(out);
	double seconds = static_cast<double>(sent.send_time) / 1e9;
	std::printf("{\"sent\":%lu,\"received\":%lu,\"lost\":%lu,\"duplicated\":%lu,\"reordered\":%lu,"
		    "\"receiver_overflow\":%lu,\"send_errors\":%lu,\"seconds\":%.3f,\"rate\":%.0f,"
		    "\"longest_gap_ms\":%.3f,\"longest_gap_at\":%.3f,\"longest_send_gap_ms\":%.3f}\n",
		    sent.sent, got.received, sent.sent - got.received, got.duplicated, got.reordered, got.overflow,
		    sent.send_errors, seconds, static_cast<double>(sent.sent) / seconds,
		    static_cast<double>(got.longest_gap) / 1e6, static_cast<double>(got.gap_end) / 1e9,
		    static_cast<double>(sent.longest_send_gap) / 1e6);
	return 0;
}
