// SPDX-License-Identifier: BSD-2-Clause
// What the traffic tools share: sockets inside named network namespaces, time,
// and a stop on SIGINT or SIGTERM.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include <sys/socket.h>

namespace e2e {

[[noreturn]] void die(const std::string& what);

// Moves the calling thread into /run/netns/NAME. Sockets stay where they were
// made, so one process can hold both ends of a path.
void enter_netns(const std::string& name);

std::uint64_t now_ns();

// An IPv4 or IPv6 address with a port; dies if it is neither.
struct Address {
	sockaddr_storage storage{};
	socklen_t length = 0;

	int family() const { return storage.ss_family; }
	const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
Address parse_address(const std::string& ip, std::uint16_t port);

// Set by SIGINT and SIGTERM once stop_on_signals was called.
extern std::atomic<bool> stop_requested;
void stop_on_signals();

} // namespace e2e
