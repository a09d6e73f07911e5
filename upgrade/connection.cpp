// SPDX-License-Identifier: BSD-2-Clause
#include "connection.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace nfup::upgrade {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds connect_patience = std::chrono::seconds(10);
constexpr milliseconds farewell = std::chrono::seconds(2);

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Result<Addresses> resolve(const Address& address, int flags)
{
	addrinfo hints{}, *found = nullptr;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = flags;
	const int error = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
	if (error == EAI_SYSTEM)
		return fail_errno(errno, "cannot look up " + address.text());
	if (error)
		return fail(ErrorKind::intent, "cannot look up " + address.text() + ": " + gai_strerror(error),
			    "write HOST:PORT, or [ADDRESS]:PORT for IPv6");
	return Addresses(found, freeaddrinfo);
}

std::string text_of(const sockaddr* address, socklen_t length)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	if (getnameinfo(address, length, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return "?";
	return Address{host, port}.text();
}

enum class Waited { ready, late, interrupted };

Waited wait_for(int fd, short events, int interrupt, milliseconds patience)
{
	const auto end = std::chrono::steady_clock::now() + patience;
	for (;;) {
		const auto left =
		    std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now()).count();
		pollfd ends[2] = {{fd, events, 0}, {interrupt, POLLIN, 0}};
		const bool forever = patience < milliseconds(0);
		const int ready = poll(ends, 2, forever ? -1 : static_cast<int>(left > 0 ? left : 0));
		if (ready > 0 && ends[1].revents)
			return Waited::interrupted;
		if (ready > 0)
			return Waited::ready;
		if (ready == 0)
			return Waited::late;
		if (errno != EINTR)
			return Waited::ready; // the call that follows says what is wrong
	}
}

std::unexpected<Error> was_interrupted()
{
	return fail(ErrorKind::refused, "interrupted");
}

Result<Fd> connect_to(const addrinfo& address, int interrupt)
{
	const std::string what = "cannot connect to " + text_of(address.ai_addr, address.ai_addrlen);
	Fd fd(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (!fd)
		return fail_errno(errno, what);
	const char* hint = "is `nfup state receive` running there?";
	if (connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0)
		return fd;
	if (errno != EINPROGRESS)
		return fail_errno(errno, what, hint);
	switch (wait_for(fd.get(), POLLOUT, interrupt, connect_patience)) {
	case Waited::interrupted:
		return was_interrupted();
	case Waited::late:
		return fail_errno(ETIMEDOUT, what, hint);
	case Waited::ready:
		break;
	}
	int error = 0;
	socklen_t length = sizeof error;
	if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		error = errno;
	if (error)
		return fail_errno(error, what, hint);
	return fd;
}

} // namespace

Result<Address> Address::parse(const std::string& text, const std::string& default_host)
{
	Address address{default_host, text};
	const std::size_t colon = text.rfind(':');
	if (colon != std::string::npos) {
		address = {text.substr(0, colon), text.substr(colon + 1)};
		std::string& host = address.host;
		if (host.size() > 2 && host.front() == '[' && host.back() == ']')
			host = host.substr(1, host.size() - 2);
		else if (host.find_first_of(":[]") != std::string::npos)
			host.clear();
	}
	const std::string& port = address.port;
	const bool number = !port.empty() && port.size() <= 5 &&
			    port.find_first_not_of("0123456789") == std::string::npos && std::stoi(port) <= 65535;
	if (address.host.empty() || !number)
		return fail(ErrorKind::intent, "'" + text + "' is no address",
			    default_host.empty() ? "write HOST:PORT, or [ADDRESS]:PORT for IPv6"
						 : "write PORT, ADDRESS:PORT, or [ADDRESS]:PORT for IPv6");
	return address;
}

std::string Address::text() const
{
	return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

Connection::Connection(Fd fd, std::string peer, int interrupt_fd)
    : interrupt(interrupt_fd), fd_(std::move(fd)), peer_(std::move(peer))
{
	fcntl(fd_.get(), F_SETFL, fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
	const int yes = 1;
	setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); // fails where it is no TCP
}

Result<Connection> Connection::open(const Address& address, int interrupt_fd)
{
	auto found = resolve(address, 0);
	if (!found)
		return pass(found);
	Result<Fd> fd = fail(ErrorKind::system, "no address of " + address.text());
	for (const addrinfo* one = found->get(); one && !fd; one = one->ai_next) {
		fd = connect_to(*one, interrupt_fd);
		if (!fd && fd.error().kind == ErrorKind::refused)
			break;
	}
	if (!fd)
		return pass(fd);
	return Connection(std::move(*fd), address.text(), interrupt_fd);
}

std::unexpected<Error> Connection::lost(const std::string& how) const
{
	return fail(ErrorKind::system, "the connection to " + peer_ + " is lost: " + how);
}

Result<void> Connection::wait(short events)
{
	switch (wait_for(fd_.get(), events, interrupt, patience)) {
	case Waited::ready:
		return {};
	case Waited::interrupted:
		return was_interrupted();
	case Waited::late:
		break;
	}
	return lost("nothing came through for " +
		    std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience).count()) + " s");
}

Result<void> Connection::send(std::string_view bytes)
{
	while (!bytes.empty()) {
		if (auto ready = wait(POLLOUT); !ready)
			return ready;
		const ssize_t done = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return lost(strerror(errno));
		if (done > 0) {
			bytes.remove_prefix(static_cast<std::size_t>(done));
			sent_ += static_cast<std::uint64_t>(done);
		}
	}
	return {};
}

Result<void> Connection::receive(char* to, std::size_t bytes)
{
	while (bytes > 0) {
		if (auto ready = wait(POLLIN); !ready)
			return ready;
		const ssize_t done = recv(fd_.get(), to, bytes, 0);
		if (done == 0)
			return lost("it was closed");
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return lost(strerror(errno));
		if (done > 0) {
			to += done;
			bytes -= static_cast<std::size_t>(done);
			received_ += static_cast<std::uint64_t>(done);
		}
	}
	return {};
}

bool Connection::readable() const
{
	return wait_for(fd_.get(), POLLIN, -1, milliseconds(0)) == Waited::ready;
}

void Connection::end_politely()
{
	// To close with something unread would be a reset, which may overtake our last words.
	shutdown(fd_.get(), SHUT_WR);
	const auto end = std::chrono::steady_clock::now() + farewell;
	char rest[65536];
	while (std::chrono::steady_clock::now() < end &&
	       wait_for(fd_.get(), POLLIN, interrupt, farewell) == Waited::ready) {
		const ssize_t done = recv(fd_.get(), rest, sizeof rest, 0);
		if (done == 0 || (done < 0 && errno != EAGAIN && errno != EINTR))
			return;
	}
}

Result<Listener> Listener::open(const Address& address, int interrupt)
{
	auto found = resolve(address, AI_PASSIVE);
	if (!found)
		return pass(found);
	const addrinfo& own = **found;
	const std::string what = "cannot listen on " + address.text();
	Listener listener;
	listener.interrupt_ = interrupt;
	listener.fd_ = Fd(socket(own.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (!listener.fd_)
		return fail_errno(errno, what);
	const int fd = listener.fd_.get(), yes = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, own.ai_addr, own.ai_addrlen) != 0 || listen(fd, 4) != 0)
		return fail_errno(errno, what, "take an address of this machine and a port that is free");
	sockaddr_storage bound{};
	socklen_t length = sizeof bound;
	if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0)
		return fail_errno(errno, what);
	listener.address_ = text_of(reinterpret_cast<sockaddr*>(&bound), length);
	return listener;
}

Result<Connection> Listener::accept() const
{
	for (;;) {
		if (wait_for(fd_.get(), POLLIN, interrupt_, milliseconds(-1)) == Waited::interrupted)
			return was_interrupted();
		sockaddr_storage from{};
		socklen_t length = sizeof from;
		Fd fd(accept4(fd_.get(), reinterpret_cast<sockaddr*>(&from), &length, SOCK_CLOEXEC));
		if (fd)
			return Connection(std::move(fd), text_of(reinterpret_cast<sockaddr*>(&from), length),
					  interrupt_);
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			return fail_errno(errno, "cannot accept a connection on " + address_);
	}
}

} // namespace nfup::upgrade
