// SPDX-License-Identifier: BSD-2-Clause
#include "frames.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

namespace bench {
namespace {

constexpr std::uint32_t isn = 1000; // of both ends
constexpr unsigned number_bytes = 4, checksum_bytes = 4;

// RFC 1071, of bytes in frame order.
std::uint32_t add(std::uint32_t sum, std::span<const std::uint8_t> bytes)
{
	for (std::size_t i = 0; i < bytes.size(); i++)
		sum += i % 2 ? bytes[i] : static_cast<std::uint32_t>(bytes[i] << 8);
	return sum;
}

std::uint16_t fold(std::uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return static_cast<std::uint16_t>(sum);
}

struct Layout {
	unsigned l4, addresses, address_bytes, transport, payload;
};

Layout layout_of(bool six, bool tcp)
{
	const unsigned l4 = ETH_HLEN + (six ? 40u : 20u), transport = tcp ? 20u : 8u;
	return {l4, ETH_HLEN + (six ? 8u : 12u), six ? 16u : 4u, transport, l4 + transport};
}

// Of the transport header and what is behind it, with the pseudo header; the checksum is in it.
std::uint16_t transport_sum(std::span<const std::uint8_t> frame, const Layout& at, unsigned end, std::uint8_t proto)
{
	std::uint32_t sum = proto + end - at.l4;

	sum = add(sum, frame.subspan(at.addresses, 2 * at.address_bytes));
	return fold(add(sum, frame.subspan(at.l4, end - at.l4)));
}

template <typename T> void put(std::span<std::uint8_t> frame, std::size_t offset, const T& value)
{
	std::memcpy(frame.subspan(offset, sizeof value).data(), &value, sizeof value);
}

void put_address(std::span<std::uint8_t> frame, std::size_t offset, int family, const std::string& text)
{
	std::uint8_t bytes[16];

	if (inet_pton(family == 6 ? AF_INET6 : AF_INET, text.c_str(), bytes) != 1)
		throw std::invalid_argument("no IPv" + std::to_string(family) + " address: " + text);
	std::memcpy(frame.subspan(offset, family == 6 ? 16 : 4).data(), bytes, family == 6 ? 16 : 4);
}

} // namespace

unsigned frame_bytes(const Flows& flows)
{
	const unsigned least = layout_of(flows.family == 6, flows.tcp).payload + number_bytes;
	return std::max({flows.size - checksum_bytes, least > TRAFFIC_SHORTEST ? unsigned{TRAFFIC_HEADERS} : 0u,
			 unsigned{TRAFFIC_SHORTEST}});
}

traffic_pass make_pass(const Flows& flows, Kind kind)
{
	const bool six = flows.family == 6, data = kind == Kind::data;
	const Layout at = layout_of(six, flows.tcp);
	const std::uint8_t proto = flows.tcp ? IPPROTO_TCP : IPPROTO_UDP;
	// A datagram as long as the frame: its payload is zero behind the number.
	const unsigned end = data ? frame_bytes(flows) : at.payload;
	traffic_pass pass{};
	const std::span<std::uint8_t> frame(pass.headers);

	std::memcpy(&frame[0], flows.to_mac, ETH_ALEN);
	std::memcpy(&frame[ETH_ALEN], flows.from_mac, ETH_ALEN);
	put(frame, 12, htons(six ? ETH_P_IPV6 : ETH_P_IP));
	put_address(frame, at.addresses, flows.family, flows.from);
	put_address(frame, at.addresses + at.address_bytes, flows.family, flows.to);
	if (six) {
		frame[ETH_HLEN] = 0x60;
		put(frame, ETH_HLEN + 4, htons(static_cast<std::uint16_t>(end - at.l4)));
		frame[ETH_HLEN + 6] = proto;
		frame[ETH_HLEN + 7] = 64;
	} else {
		iphdr ip{};
		std::memcpy(&ip, &frame[ETH_HLEN], sizeof ip);
		ip.version = 4;
		ip.ihl = 5;
		ip.tot_len = htons(static_cast<std::uint16_t>(end - ETH_HLEN));
		ip.frag_off = htons(IP_DF);
		ip.ttl = 64;
		ip.protocol = proto;
		put(frame, ETH_HLEN, ip);
		ip.check = htons(static_cast<std::uint16_t>(~fold(add(0, frame.subspan(ETH_HLEN, sizeof ip)))));
		put(frame, ETH_HLEN, ip);
		pass.ip_check = ETH_HLEN + offsetof(iphdr, check);
	}
	if (flows.tcp) {
		tcphdr tcp{};
		tcp.dest = htons(flows.port);
		tcp.seq = htonl(kind == Kind::syn ? isn : isn + 1);
		tcp.ack_seq = htonl(kind == Kind::syn ? 0 : isn + 1);
		tcp.doff = 5;
		tcp.syn = kind == Kind::syn;
		tcp.ack = kind != Kind::syn;
		tcp.window = htons(65535);
		put(frame, at.l4, tcp);
		pass.l4_check = at.l4 + offsetof(tcphdr, check);
	} else {
		udphdr udp{};
		udp.dest = htons(flows.port);
		udp.len = htons(static_cast<std::uint16_t>(end - at.l4));
		put(frame, at.l4, udp);
		pass.l4_check = at.l4 + offsetof(udphdr, check);
	}
	// The rest of the payload is zero, so its length is all that it adds.
	std::uint32_t sum = proto + end - at.l4;
	sum = add(sum, frame.subspan(at.addresses, 2 * at.address_bytes));
	sum = add(sum, frame.subspan(at.l4, at.transport));
	put(frame, pass.l4_check, htons(static_cast<std::uint16_t>(~fold(sum))));

	pass.size = data ? at.payload + number_bytes : at.payload;
	pass.numbered = data ? at.payload : 0;
	pass.l4 = at.l4;
	pass.source = at.addresses + at.address_bytes - 2;
	pass.flows = flows.count;
	return pass;
}

std::string fault_of(std::span<const std::uint8_t> frame)
{
	if (frame.size() < TRAFFIC_SHORTEST)
		return "shorter than a frame may be";
	const bool six = frame[12] == 0x86;
	const std::uint8_t proto = frame[ETH_HLEN + (six ? 6 : 9)];
	const Layout at = layout_of(six, proto == IPPROTO_TCP);
	const auto word = [&](unsigned offset) {
		return static_cast<unsigned>(frame[offset] << 8 | frame[offset + 1]);
	};
	const unsigned end = six ? at.l4 + word(ETH_HLEN + 4) : ETH_HLEN + word(ETH_HLEN + 2);

	if (end > frame.size() || end < at.payload)
		return "its IP length is wrong";
	if (!six && fold(add(0, frame.subspan(ETH_HLEN, 20))) != 0xffff)
		return "its IP checksum is wrong";
	if (transport_sum(frame, at, end, proto) != 0xffff)
		return "its transport checksum is wrong";
	return "";
}

} // namespace bench
