// SPDX-License-Identifier: BSD-2-Clause
// Sends one Ethernet frame, given as hex, from a device of one host and tells
// whether it arrives at a device of another. For frames that no socket sends:
// TCP out of the blue, VLAN tags, broken headers.
//
//	frame_probe --from NETNS --to NETNS [--from-dev eth0] [--to-dev eth0] [--wait MS] HEX
//
// MAC addresses written as "dst" and "src" are filled in from the two devices.
// Prints {"arrived":BOOL,"frame":HEX}; a VLAN tag that the receiving kernel
// took out of the bytes is put back.
#include "netns.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace {

using e2e::die;
using Bytes = std::vector<unsigned char>;

struct Options {
	std::string from, to, from_dev = "eth0", to_dev = "eth0", frame;
	int wait_ms = 300;
};

// A socket that sees and sends whole frames of one device.
struct Tap {
	int fd = -1;
	Bytes mac;

	Tap(const std::string& host, const std::string& device)
	{
		ifreq request{};
		sockaddr_ll address{};
		int on = 1;

		e2e::enter_netns(host);
		fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
		device.copy(request.ifr_name, IFNAMSIZ - 1);
		if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) != 0)
			die(device);
		mac.assign(request.ifr_hwaddr.sa_data, request.ifr_hwaddr.sa_data + 6);
		address.sll_family = AF_PACKET;
		address.sll_protocol = htons(ETH_P_ALL);
		address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
		if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
		    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) != 0)
			die(device);
	}
	Tap(const Tap&) = delete;
	Tap& operator=(const Tap&) = delete;
	~Tap() { close(fd); }
};

std::string hex(const Bytes& bytes)
{
	std::string text;

	for (unsigned char b : bytes) {
		std::array<char, 3> two{};
		std::snprintf(two.data(), two.size(), "%02x", b);
		text += two.data();
	}
	return text;
}

Bytes from_hex(std::string text, const Bytes& source, const Bytes& destination)
{
	Bytes bytes;

	for (auto [word, mac] : {std::pair{"dst", &destination}, std::pair{"src", &source}})
		if (auto at = text.find(word); at != std::string::npos)
			text.replace(at, 3, hex(*mac));
	std::erase(text, ' ');
	for (std::size_t i = 0; i + 1 < text.size(); i += 2)
		bytes.push_back(static_cast<unsigned char>(std::stoul(text.substr(i, 2), nullptr, 16)));
	return bytes;
}

// One received frame as it was on the wire.
Bytes receive(int fd)
{
	Bytes frame(65536);
	std::array<char, 256> control{};
	iovec vector{frame.data(), frame.size()};
	msghdr message{};

	message.msg_iov = &vector;
	message.msg_iovlen = 1;
	message.msg_control = control.data();
	message.msg_controllen = control.size();
	ssize_t n = recvmsg(fd, &message, 0);
	if (n < 0)
		die("recvmsg");
	frame.resize(static_cast<std::size_t>(n));
	for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		tpacket_auxdata aux{};
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID) || frame.size() < 12)
			continue;
		unsigned char tag[] = {
		    static_cast<unsigned char>(aux.tp_vlan_tpid >> 8), static_cast<unsigned char>(aux.tp_vlan_tpid),
		    static_cast<unsigned char>(aux.tp_vlan_tci >> 8), static_cast<unsigned char>(aux.tp_vlan_tci)};
		frame.insert(frame.begin() + 12, std::begin(tag), std::end(tag));
	}
	return frame;
}

bool arrives(const Tap& tap, const Bytes& frame, int wait_ms)
{
	std::uint64_t end = e2e::now_ns() + static_cast<std::uint64_t>(wait_ms) * 1'000'000u;

	for (;;) {
		auto now = e2e::now_ns();
		pollfd ready{tap.fd, POLLIN, 0};
		if (now >= end || poll(&ready, 1, static_cast<int>((end - now) / 1'000'000u) + 1) <= 0)
			return false;
		if (receive(tap.fd) == frame)
			return true;
	}
}

Options parse(int argc, char** argv)
{
	static const option longs[] = {
	    {"from", required_argument, nullptr, 'f'},     {"to", required_argument, nullptr, 't'},
	    {"from-dev", required_argument, nullptr, 'F'}, {"to-dev", required_argument, nullptr, 'T'},
	    {"wait", required_argument, nullptr, 'w'},     {nullptr, 0, nullptr, 0}};
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
		case 'F':
			opt.from_dev = optarg;
			break;
		case 'T':
			opt.to_dev = optarg;
			break;
		case 'w':
			opt.wait_ms = std::atoi(optarg);
			break;
		default:
			std::exit(2);
		}
	}
	if (opt.from.empty() || opt.to.empty() || optind + 1 != argc) {
		std::fprintf(stderr, "usage: frame_probe --from NETNS --to NETNS [--from-dev DEV] [--to-dev DEV] "
				     "[--wait MS] HEX\n");
		std::exit(2);
	}
	opt.frame = argv[optind];
	return opt;
}

} // namespace

int main(int argc, char** argv)
{
	Options opt = parse(argc, argv);
	Tap in(opt.to, opt.to_dev), out(opt.from, opt.from_dev);
	Bytes frame = from_hex(opt.frame, out.mac, in.mac);

	if (send(out.fd, frame.data(), frame.size(), 0) != static_cast<ssize_t>(frame.size()))
		die("send");
	std::printf("{\"arrived\":%s,\"frame\":\"%s\"}\n", arrives(in, frame, opt.wait_ms) ? "true" : "false",
		    hex(frame).c_str());
	return 0;
}
