// SPDX-License-Identifier: BSD-2-Clause
// Holds one TCP connection open from one host to another and sends a known
// stream both ways at a steady rate; each end verifies every byte.
//
//	tcp_stream --from NETNS --to NETNS --dest IP [--port N] [--mbit N] [--seconds S]
//
// Without --seconds it runs until SIGINT or SIGTERM, then both ends close and
// read to the end. Result as JSON on stdout; exit code 1 if a byte was wrong or
// missing or the connection broke.
#include "netns.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <time.h>
#include <unistd.h>

namespace {

using e2e::die;
using e2e::now_ns;

constexpr int dead_after_s = 5; // silence that means the connection is dead
constexpr std::uint64_t tick_ns = 5'000'000;

struct Options {
	std::string from, to, dest;
	std::uint16_t port = 7778;
	double mbit = 200, seconds = 0;
};

// The byte at an offset of a direction's stream; any loss or shift shows.
unsigned char byte_at(std::uint64_t seed, std::uint64_t offset)
{
	std::uint64_t x = (offset / 8 + seed) * 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	return static_cast<unsigned char>(x >> (8 * (offset % 8)));
}

// One direction: what was written, what was read, what went wrong.
struct Direction {
	std::uint64_t seed, written = 0, read = 0, longest_stall = 0;
	std::string write_error, read_error;

	explicit Direction(std::uint64_t s) : seed(s) {}
	bool whole() const { return write_error.empty() && read_error.empty() && written == read; }
};

void write_stream(int fd, const Options& opt, Direction& way)
{
	std::vector<unsigned char> chunk;
	std::uint64_t start = now_ns(), end = start + static_cast<std::uint64_t>(opt.seconds * 1e9);
	double bytes_per_ns = opt.mbit * 1e6 / 8 / 1e9;

	while (!e2e::stop_requested && (opt.seconds <= 0 || now_ns() < end)) {
		auto due = static_cast<std::uint64_t>(static_cast<double>(now_ns() - start) * bytes_per_ns);
		chunk.resize(std::min<std::uint64_t>(due - std::min(due, way.written), 1 << 20));
		for (std::size_t i = 0; i < chunk.size(); i++)
			chunk[i] = byte_at(way.seed, way.written + i);
		for (std::size_t done = 0; done < chunk.size();) {
			ssize_t n = send(fd, chunk.data() + done, chunk.size() - done, MSG_NOSIGNAL);
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0) {
				way.write_error = std::strerror(errno);
				return;
			}
			done += static_cast<std::size_t>(n);
			way.written += static_cast<std::uint64_t>(n);
		}
		timespec pause{0, static_cast<long>(tick_ns)};
		nanosleep(&pause, nullptr);
	}
	shutdown(fd, SHUT_WR);
}

void read_stream(int fd, Direction& way)
{
	std::vector<unsigned char> chunk(1 << 18);
	std::uint64_t last = now_ns();

	for (;;) {
		ssize_t n = recv(fd, chunk.data(), chunk.size(), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			way.read_error = errno == EAGAIN ? "nothing arrived any more" : std::strerror(errno);
			return;
		}
		if (n == 0)
			return;
		std::uint64_t now = now_ns();
		way.longest_stall = std::max(way.longest_stall, now - last);
		last = now;
		for (std::size_t i = 0; i < static_cast<std::size_t>(n); i++) {
			if (chunk[i] != byte_at(way.seed, way.read + i)) {
				way.read_error = "wrong byte at offset " + std::to_string(way.read + i);
				return;
			}
		}
		way.read += static_cast<std::uint64_t>(n);
	}
}

void give_up_when_dead(int fd)
{
	timeval patience{dead_after_s, 0};
	unsigned milliseconds = dead_after_s * 1000;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds) != 0)
		die("setsockopt");
}

// Connects the two ends: client first, server second.
std::pair<int, int> connection(const Options& opt)
{
	auto address = e2e::parse_address(opt.dest, opt.port);
	int on = 1;

	e2e::enter_netns(opt.to);
	int listener = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(listener, address.get(), address.length) != 0 || listen(listener, 1) != 0)
		die("listen on " + opt.dest);
	e2e::enter_netns(opt.from);
	int client = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	give_up_when_dead(client);
	if (client < 0 || connect(client, address.get(), address.length) != 0)
		die("connect to " + opt.dest);
	int server = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
	if (server < 0)
		die("accept");
	give_up_when_dead(server);
	close(listener);
	return {client, server};
}

unsigned retransmits(int fd)
{
	tcp_info info{};
	socklen_t size = sizeof info;

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_total_retrans : 0;
}

Options parse(int argc, char** argv)
{
	static const option longs[] = {{"from", required_argument, nullptr, 'f'},
				       {"to", required_argument, nullptr, 't'},
				       {"dest", required_argument, nullptr, 'd'},
				       {"port", required_argument, nullptr, 'p'},
				       {"mbit", required_argument, nullptr, 'm'},
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
		case 'p':
			opt.port = static_cast<std::uint16_t>(std::atoi(optarg));
			break;
		case 'm':
			opt.mbit = std::atof(optarg);
			break;
		case 's':
			opt.seconds = std::atof(optarg);
			break;
		default:
			std::exit(2);
		}
	}
	if (opt.from.empty() || opt.to.empty() || opt.dest.empty() || opt.mbit <= 0) {
		std::fprintf(stderr, "usage: tcp_stream --from NETNS --to NETNS --dest IP [--port N] [--mbit N] "
				     "[--seconds S]\n");
		std::exit(2);
	}
	return opt;
}

void print(const char* name, const Direction& way)
{
	const std::string& error = way.read_error.empty() ? way.write_error : way.read_error;

	std::printf("\"%s\":{\"written\":%lu,\"verified\":%lu,\"longest_stall_ms\":%.3f,\"error\":\"%s\"},", name,
		    way.written, way.read, static_cast<double>(way.longest_stall) / 1e6, error.c_str());
}

} // namespace

int main(int argc, char** argv)
{
	Options opt = parse(argc, argv);
	Direction up(0x1234), down(0xabcdef);

	e2e::stop_on_signals();
	auto [client, server] = connection(opt);
	std::thread readers[] = {std::thread([fd = server, &up] { read_stream(fd, up); }),
				 std::thread([fd = client, &down] { read_stream(fd, down); })};
	std::thread writers[] = {std::thread([fd = client, &opt, &up] { write_stream(fd, opt, up); }),
				 std::thread([fd = server, &opt, &down] { write_stream(fd, opt, down); })};
	for (auto& thread : writers)
		thread.join();
	for (auto& thread : readers)
		thread.join();
	bool ok = up.whole() && down.whole();
	std::printf("{\"ok\":%s,", ok ? "true" : "false");
	print("up", up);
	print("down", down);
	std::printf("\"retransmits\":%u}\n", retransmits(client) + retransmits(server));
	close(client);
	close(server);
	return ok ? 0 : 1;
}
