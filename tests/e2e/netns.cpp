// SPDX-License-Identifier: BSD-2-Clause
#include "netns.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <unistd.h>

namespace e2e {

std::atomic<bool> stop_requested{false};

void die(const std::string& what)
{
	std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
	std::exit(2);
}

void enter_netns(const std::string& name)
{
	std::string path = "/run/netns/" + name;
	int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		die(path);
	close(fd);
}

std::uint64_t now_ns()
{
	timespec t{};

	// The clock of the kernel's receive timestamps.
	clock_gettime(CLOCK_REALTIME, &t);
	return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

Address parse_address(const std::string& ip, std::uint16_t port)
{
	Address address;
	auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
	auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);

	if (inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		address.length = sizeof *v4;
	} else if (inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		address.length = sizeof *v6;
	} else {
		errno = EINVAL;
		die("not an IP address: " + ip);
	}
	return address;
}

void stop_on_signals()
{
	struct sigaction action {};

	action.sa_handler = [](int) {
		stop_requested = true;
	};
	sigaction(SIGINT, &action, nullptr);
	sigaction(SIGTERM, &action, nullptr);
}

} // namespace e2e
