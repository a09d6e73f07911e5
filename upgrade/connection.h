// SPDX-License-Identifier: BSD-2-Clause
// TCP connections whose every wait is bounded and can be interrupted.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "intent/result.h"
#include "loader/fd.h"

namespace nfup::upgrade {

// HOST:PORT, or [ADDRESS]:PORT for IPv6. Error (kind intent): it is neither.
struct Address {
	std::string host, port;

	// Without a host it is `default_host`; an empty one: the host must be given.
	static Result<Address> parse(const std::string& text, const std::string& default_host = {});
	std::string text() const;
};

class Connection {
public:
	// `fd`: a connected stream socket
	Connection(Fd fd, std::string peer, int interrupt_fd = -1);

	static Result<Connection> open(const Address& address, int interrupt_fd);

	// All of it, or an error: kind system if it broke or nothing moved for the patience,
	// kind refused if it was interrupted.
	Result<void> send(std::string_view bytes);
	Result<void> receive(char* to, std::size_t bytes);
	bool readable() const; // receive() has something, if only an end
	// For the peer to read what was sent last, though it is still sending itself.
	void end_politely();

	const std::string& peer() const { return peer_; }
	std::uint64_t sent() const { return sent_; }         // bytes
	std::uint64_t received() const { return received_; } // bytes

	std::chrono::milliseconds patience = std::chrono::seconds(30);
	int interrupt; // a wait ends when this fd is readable; -1: none

private:
	Result<void> wait(short events);
	std::unexpected<Error> lost(const std::string& how) const;

	Fd fd_;
	std::string peer_;
	std::uint64_t sent_ = 0, received_ = 0;
};

class Listener {
public:
	static Result<Listener> open(const Address& address, int interrupt);
	// Waits for as long as it takes. Error (kind refused): interrupted.
	Result<Connection> accept() const;
	const std::string& address() const { return address_; } // with the port that it got

private:
	Fd fd_;
	std::string address_;
	int interrupt_ = -1;
};

} // namespace nfup::upgrade
