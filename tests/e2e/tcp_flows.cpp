// SPDX-License-Identifier: BSD-2-Clause
// Many TCP connections from one host to another, which all exchange a message now and
// then, and new ones that begin meanwhile, exchange one message and end.
//
//	tcp_flows --from NETNS --to NETNS --dest IP --flows N --rate NEW_A_SECOND
//
// Writes "ready" to stderr when all N are open, and runs until SIGINT or SIGTERM. The result
// is JSON on stdout: of the N, how many messages came back and how many connections
// broke (an error, or no answer for 10 s); of the new ones, how many there were, how
// many got their message back within 5 s, and the slowest of those.
#include "netns.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using e2e::die;
using e2e::now_ns;

constexpr std::uint16_t port = 7780;
constexpr std::size_t message = 64; // bytes
constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t pause_ns = second / 5; // between two messages of a connection
constexpr std::uint64_t dead_ns = 10 * second, patience_ns = 5 * second;

struct Options {
	std::string from, to, dest;
	unsigned flows = 0;
	double rate = 0;
};

class Epoll {
public:
	Epoll() : fd_(epoll_create1(EPOLL_CLOEXEC))
	{
		if (fd_ < 0)
			die("epoll");
	}
	void add(int fd, unsigned events) const
	{
		epoll_event event{};
		event.events = events;
		event.data.fd = fd;
		if (epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0)
			die("epoll_ctl");
	}
	template <class Handle> void wait(const Handle& handle) const
	{
		epoll_event events[256];
		const int count = epoll_wait(fd_, events, 256, 5);
		for (int i = 0; i < count; i++)
			handle(events[i].data.fd);
	}

private:
	int fd_;
};

// Sends back what comes. `listener` is non-blocking.
void serve(int listener)
{
	const Epoll epoll;
	char buffer[4096];
	epoll.add(listener, EPOLLIN);
	while (!e2e::stop_requested)
		epoll.wait([&](int fd) {
			if (fd == listener) {
				for (int peer;
				     (peer = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;)
					epoll.add(peer, EPOLLIN);
				return;
			}
			const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
			if (n == 0 || (n < 0 && errno != EAGAIN))
				close(fd);
			else if (n > 0)
				send(fd, buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL);
		});
}

struct Connection {
	int fd = -1;
	std::size_t missing = 0; // bytes of the message under way
	std::uint64_t since = 0; // it was sent, or the connection begun, or the last answer came
};

class Client {
public:
	explicit Client(const Options& opt) : opt_(opt), address_(e2e::parse_address(opt.dest, port)) {}

	void open_all()
	{
		for (unsigned i = 0; i < opt_.flows; i++) {
			const int fd = socket(address_.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
			if (fd < 0 || connect(fd, address_.get(), address_.length) != 0)
				die("connect to " + opt_.dest);
			fcntl(fd, F_SETFL, O_NONBLOCK);
			epoll_.add(fd, EPOLLIN);
			flows_.emplace(fd, Connection{fd, 0, 0});
		}
	}

	void run()
	{
		const std::uint64_t start = now_ns();
		while (!e2e::stop_requested) {
			epoll_.wait([&](int fd) { answered(fd); });
			const std::uint64_t now = now_ns();
			for (auto& [fd, flow] : flows_)
				if (flow.fd >= 0)
					keep_going(flow, now);
			const double due = static_cast<double>(now - start) / second * opt_.rate;
			while (static_cast<double>(begun_) < due)
				begin(now);
			failed_ += std::erase_if(fresh_, [&](const auto& each) {
				const bool late = now - each.second.since > patience_ns;
				if (late)
					close(each.first);
				return late;
			});
		}
	}

	void print() const
	{
		std::printf("{\"flows\":%zu,\"broken\":%lu,\"messages\":%lu,\"least\":%lu,"
			    "\"new\":%lu,\"succeeded\":%lu,\"slowest_ms\":%.1f}\n",
			    flows_.size(), broken_, messages_, least(), succeeded_ + failed_, succeeded_,
			    static_cast<double>(slowest_) / 1e6);
	}

private:
	// Messages of the connection that got the fewest back.
	std::uint64_t least() const
	{
		std::uint64_t fewest = ~std::uint64_t{0};
		for (const auto& [fd, flow] : flows_) {
			const auto count = counts_.find(fd);
			fewest = std::min(fewest, count == counts_.end() ? 0 : count->second);
		}
		return fewest;
	}

	void say(Connection& c, std::uint64_t now)
	{
		static const char text[message] = {};
		c.missing = message;
		c.since = now;
		send(c.fd, text, sizeof text, MSG_NOSIGNAL);
	}

	void keep_going(Connection& flow, std::uint64_t now)
	{
		if (flow.missing == 0 && now - flow.since >= pause_ns) {
			say(flow, now);
		} else if (flow.missing != 0 && now - flow.since > dead_ns) {
			broken_++;
			close(std::exchange(flow.fd, -1));
		}
	}

	void begin(std::uint64_t now)
	{
		const int fd = socket(address_.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0 || (connect(fd, address_.get(), address_.length) != 0 && errno != EINPROGRESS))
			die("connect to " + opt_.dest);
		epoll_.add(fd, EPOLLOUT | EPOLLIN | EPOLLET);
		fresh_[fd] = {fd, 0, now};
		begun_++;
	}

	void answered(int fd)
	{
		char buffer[4096];
		const auto found = flows_.find(fd);
		const bool old = found != flows_.end();
		if (!old && !fresh_.contains(fd))
			return;
		Connection& c = old ? found->second : fresh_[fd];
		if (!old && c.missing == 0) { // connected, or refused
			const auto begun = c.since;
			say(c, begun);
		}
		const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
		if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
			return;
		if (n <= 0) {
			if (old) {
				broken_++;
				close(std::exchange(c.fd, -1));
			} else {
				failed_++;
				close(fd);
				fresh_.erase(fd);
			}
			return;
		}
		c.missing -= std::min(c.missing, static_cast<std::size_t>(n));
		if (c.missing != 0)
			return;
		const std::uint64_t now = now_ns();
		if (old) {
			messages_++;
			counts_[fd]++;
			c.since = now;
			return;
		}
		succeeded_++;
		slowest_ = std::max(slowest_, now - c.since);
		close(fd);
		fresh_.erase(fd);
	}

	const Options& opt_;
	const e2e::Address address_;
	const Epoll epoll_;
	std::unordered_map<int, Connection> flows_, fresh_;
	std::unordered_map<int, std::uint64_t> counts_; // of messages, by flow
	std::uint64_t broken_ = 0, messages_ = 0, begun_ = 0, succeeded_ = 0, failed_ = 0, slowest_ = 0;
};

int listen_on(const Options& opt)
{
	const auto address = e2e::parse_address(opt.dest, port);
	const int on = 1, fd = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(fd, address.get(), address.length) != 0 || listen(fd, 4096) != 0)
		die("listen on " + opt.dest);
	return fd;
}

Options parse(int argc, char** argv)
{
	static const option longs[] = {
	    {"from", required_argument, nullptr, 'f'}, {"to", required_argument, nullptr, 't'},
	    {"dest", required_argument, nullptr, 'd'}, {"flows", required_argument, nullptr, 'n'},
	    {"rate", required_argument, nullptr, 'r'}, {nullptr, 0, nullptr, 0}};
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
		case 'n':
			opt.flows = static_cast<unsigned>(std::atoi(optarg));
			break;
		case 'r':
			opt.rate = std::atof(optarg);
			break;
		default:
			std::exit(2);
		}
	}
	if (opt.from.empty() || opt.to.empty() || opt.dest.empty()) {
		std::fprintf(stderr, "usage: tcp_flows --from NETNS --to NETNS --dest IP --flows N --rate N\n");
		std::exit(2);
	}
	return opt;
}

} // namespace

int main(int argc, char** argv)
{
	const Options opt = parse(argc, argv);
	rlimit files{};

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	e2e::stop_on_signals();
	e2e::enter_netns(opt.to);
	std::thread server(serve, listen_on(opt));
	e2e::enter_netns(opt.from);
	Client client(opt);
	client.open_all();
	std::fputs("ready\n", stderr);
	client.run();
	server.join();
	client.print();
	return 0;
}
