// SPDX-License-Identifier: BSD-2-Clause
// Sends the traces of conntrack_traces.h through a firewall between two hosts and tells,
// packet by packet, what came out at the other side.
//
//	conntrack_oracle --inside NETNS/DEV/MAC --outside NETNS/DEV/MAC
//
// MAC: where the host's frames go. The hosts' stacks have no part in it. Behind each step
// goes a datagram that passes for certain, so nothing is waited for but arrivals. A line a
// step: trace, number, "passes" or "dropped", traits or "-", and what it was. A datagram in
// fragments passes if all of its bytes arrive.
#include "conntrack_traces.h"
#include "netns.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <unistd.h>

#include <arpa/inet.h>

namespace {

using namespace nfup::packet;
using e2e::die;

struct Side {
	int fd = -1;
	Mac next_hop{};

	explicit Side(const std::string& text)
	{
		const auto slash = text.find('/'), second = text.find('/', slash + 1);
		if (slash == std::string::npos || second == std::string::npos)
			die("NETNS/DEV/MAC: " + text);
		e2e::enter_netns(text.substr(0, slash));
		unsigned m[6];
		if (std::sscanf(text.c_str() + second + 1, "%x:%x:%x:%x:%x:%x", m, m + 1, m + 2, m + 3, m + 4, m + 5) !=
		    6)
			die("no MAC address: " + text);
		std::copy(m, m + 6, next_hop.begin());
		fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
		sockaddr_ll address{};
		address.sll_family = AF_PACKET;
		address.sll_protocol = htons(ETH_P_ALL);
		address.sll_ifindex =
		    static_cast<int>(if_nametoindex(text.substr(slash + 1, second - slash - 1).c_str()));
		int size = 4 << 20;
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
		if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address))
			die(text);
	}
	void send(Bytes frame) const
	{
		std::copy(next_hop.begin(), next_hop.end(), frame.begin());
		if (::send(fd, frame.data(), frame.size(), 0) != static_cast<ssize_t>(frame.size()))
			die("send");
	}
	// The next frame that came in; empty: none for 2 s.
	Bytes receive() const
	{
		for (;;) {
			pollfd ready{fd, POLLIN, 0};
			if (poll(&ready, 1, 2000) <= 0)
				return {};
			Bytes frame(65536);
			sockaddr_ll from{};
			socklen_t length = sizeof from;
			const auto n =
			    recvfrom(fd, frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
			if (n < 0)
				die("recvfrom");
			frame.resize(static_cast<std::size_t>(n));
			if (from.sll_pkttype != PACKET_OUTGOING)
				return frame;
		}
	}
};

constexpr std::uint16_t marker_port = 9;

Bytes marker(bool from_inside, std::uint32_t number)
{
	Bytes text(4);
	std::memcpy(text.data(), &number, 4);
	return Ethernet{} /
	       IPv4{.src = from_inside ? e2e::inside4 : e2e::outside4,
		    .dst = from_inside ? e2e::outside4 : e2e::inside4} /
	       UDP{.sport = marker_port, .dport = marker_port} / Payload(text);
}

bool is_marker(const Bytes& frame, std::uint32_t number)
{
	return frame.size() >= 46 && frame[12] == 8 && frame[13] == 0 && frame[23] == 17 && frame[35] == marker_port &&
	       frame[37] == marker_port && !std::memcmp(frame.data() + 42, &number, 4);
}

// Source and destination address.
Bytes ends(const Bytes& frame)
{
	if (frame.size() >= 54 && frame[12] == 0x86 && frame[13] == 0xdd)
		return Bytes(frame.begin() + 22, frame.begin() + 54);
	if (frame.size() >= 34 && frame[12] == 8 && frame[13] == 0)
		return Bytes(frame.begin() + 26, frame.begin() + 34);
	return {};
}

// The bytes of the datagram's payload that a frame holds: first, behind the last, whether
// it says that there are no more.
struct Piece {
	unsigned begin, end;
	bool last;
};

Piece piece(const Bytes& frame)
{
	auto word = [&](std::size_t at) {
		return static_cast<unsigned>(frame[at] << 8 | frame[at + 1]);
	};
	if (frame[12] == 8) {
		const unsigned field = word(20), begin = (field & 0x1fff) * 8;
		return {begin, begin + word(16) - 20, !(field & 0x2000)};
	}
	if (frame[20] != 44)
		return {0, word(18), true};
	return {word(56) & ~7u, (word(56) & ~7u) + word(18) - 8, !(word(56) & 1)};
}

bool whole(std::vector<Piece> pieces)
{
	unsigned end = 0;
	std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
	for (const Piece& p : pieces) {
		if (p.begin > end)
			return false;
		end = std::max(end, p.end);
		if (p.last && p.end == end)
			return true;
	}
	return false;
}

class Oracle {
public:
	Oracle(const Side& inside, const Side& outside) : inside_(inside), outside_(outside)
	{
		// the markers' flow, in both directions
		for (bool from_inside : {true, false})
			flush(from_inside, {});
	}
	bool passes(const e2e::Step& step)
	{
		for (const Bytes& frame : step.frames)
			(step.from_inside ? inside_ : outside_).send(frame);
		const auto got = flush(step.from_inside, ends(step.frames[0]));
		return step.frames.size() == 1 ? !got.empty() : whole(got);
	}

private:
	// What arrives from one of the two before the marker does.
	std::vector<Piece> flush(bool from_inside, const Bytes& of)
	{
		const Side& to = from_inside ? outside_ : inside_;
		std::vector<Piece> got;

		(from_inside ? inside_ : outside_).send(marker(from_inside, ++number_));
		for (;;) {
			const Bytes frame = to.receive();
			if (frame.empty())
				die("a marker did not arrive");
			if (is_marker(frame, number_))
				return got;
			if (!of.empty() && ends(frame) == of)
				got.push_back(piece(frame));
		}
	}

	const Side &inside_, &outside_;
	std::uint32_t number_ = 0;
};

} // namespace

int main(int argc, char** argv)
{
	static const option longs[] = {{"inside", required_argument, nullptr, 'i'},
				       {"outside", required_argument, nullptr, 'o'},
				       {nullptr, 0, nullptr, 0}};
	std::string inside, outside;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, nullptr)) != -1) {
		if (c == 'i')
			inside = optarg;
		else if (c == 'o')
			outside = optarg;
		else
			return 2;
	}
	Side in(inside), out(outside);
	Oracle oracle(in, out);
	for (const e2e::Trace& trace : e2e::conntrack_traces()) {
		int number = 0;
		for (const e2e::Step& step : trace.steps)
			std::printf("%s\t%d\t%s\t%s\t%s %s\n", trace.name.c_str(), ++number,
				    oracle.passes(step) ? "passes" : "dropped",
				    step.traits.empty() ? "-" : step.traits.c_str(), step.from_inside ? ">" : "<",
				    step.what.c_str());
	}
	return 0;
}
