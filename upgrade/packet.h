// SPDX-License-Identifier: BSD-2-Clause
// Packets from layers: Ethernet{} / IPv4{.ttl = 1} / TCP{} / Payload("x"). Lengths,
// next-protocol fields and checksums are filled in, right, unless they are set.
// Numbers are in host order; addresses are text.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace nfup::packet {

using Bytes = std::vector<std::uint8_t>;
using Mac = std::array<std::uint8_t, 6>;

template <class T> using Auto = std::optional<T>; // unset: what is right

struct Ethernet {
	Mac dst{2, 0, 0, 0, 0, 2};
	Mac src{2, 0, 0, 0, 0, 1};
	Auto<std::uint16_t> type{};
};

struct Vlan {
	std::uint16_t id = 1;
	std::uint16_t tpid = 0x8100;
	Auto<std::uint16_t> type{};
	std::uint8_t priority = 0;
};

// For IPv4 over Ethernet (RFC 826).
struct ARP {
	std::uint16_t op = 1; // 1 request, 2 reply
	Mac sender_mac{2, 0, 0, 0, 0, 1};
	std::string sender = "10.0.0.1";
	Mac target_mac{};
	std::string target = "10.0.0.2";
};

struct IPv4 {
	std::string src = "10.0.0.1";
	std::string dst = "10.0.0.2";
	std::uint8_t ttl = 64;
	std::uint8_t version = 4;
	Auto<std::uint8_t> ihl{};
	Auto<std::uint16_t> length{};
	std::uint16_t fragment = 0; // in units of 8 bytes
	bool more = false;
	Auto<std::uint8_t> proto{};
	Auto<std::uint16_t> checksum{};
	Bytes options{}; // a multiple of 4 bytes
	std::uint8_t tos = 0;
	std::uint16_t id = 0x1234;
	bool dont_fragment = false;
	bool bad_checksum = false; // of a computed one
};

struct IPv6 {
	std::string src = "2001:db8::1";
	std::string dst = "2001:db8::2";
	std::uint8_t hop_limit = 64;
	std::uint8_t version = 6;
	Auto<std::uint16_t> length{};
	Auto<std::uint8_t> next{};
	std::uint8_t traffic_class = 0;
};

// An IPv6 extension header other than fragment: its body is zeros (Pad1).
struct Extension {
	std::uint8_t type = 60;    // destination options; 0 hop-by-hop, 43 routing, 51 AH
	Auto<std::uint8_t> size{}; // the length field
	std::uint8_t body[2]{};    // the first two bytes behind it (routing: type, segments left)
	Auto<std::uint8_t> next{};
};

struct Fragment6 {
	std::uint16_t fragment = 0; // in units of 8 bytes
	bool more = false;
	std::uint32_t id = 1;
	Auto<std::uint8_t> next{};
};

constexpr unsigned FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32;

struct TCP {
	std::uint16_t sport = 1000;
	std::uint16_t dport = 80;
	unsigned flags = ACK;
	std::uint32_t seq = 1;
	std::uint32_t ack = 1;
	Auto<std::uint8_t> data_offset{}; // in units of 4 bytes
	Auto<std::uint16_t> checksum{};
	Bytes options{}; // a multiple of 4 bytes
	std::uint16_t window = 0xffff;
	bool bad_checksum = false;
};

struct UDP {
	std::uint16_t sport = 1000;
	std::uint16_t dport = 53;
	Auto<std::uint16_t> length{};
	Auto<std::uint16_t> checksum{};
	bool bad_checksum = false;
};

struct ICMP {
	std::uint8_t type = 8;
	std::uint8_t code = 0;
	std::uint16_t id = 7;
	std::uint16_t seq = 1;
	Auto<std::uint16_t> checksum{};
	bool bad_checksum = false;
};

struct ICMP6 {
	std::uint8_t type = 128;
	std::uint8_t code = 0;
	std::uint16_t id = 7;
	std::uint16_t seq = 1;
	Auto<std::uint16_t> checksum{};
	bool bad_checksum = false;
};

struct Payload {
	Bytes bytes;
	Payload() = default;
	Payload(Bytes b) : bytes(std::move(b)) {}
	Payload(const char* text) : bytes(text, text + std::strlen(text)) {}
	static Payload of(std::size_t size) // 0, 1, 2, …
	{
		Bytes b(size);
		for (std::size_t i = 0; i < size; i++)
			b[i] = static_cast<std::uint8_t>(i);
		return b;
	}
};

using Layer = std::variant<Ethernet, Vlan, ARP, IPv4, IPv6, Extension, Fragment6, TCP, UDP, ICMP, ICMP6, Payload>;

// 16-bit one's complement sum in network order, folded, not inverted.
std::uint16_t ones_sum(const Bytes& b);
std::uint16_t checksum(const Bytes& b);

class Packet {
public:
	Packet() = default;
	explicit Packet(Layer first) : layers_{std::move(first)} {}
	explicit Packet(std::vector<Layer> layers) : layers_(std::move(layers)) {}
	friend Packet operator/(Packet p, Layer next)
	{
		p.layers_.push_back(std::move(next));
		return p;
	}
	// Throws std::invalid_argument for an address that is none: texts that people
	// wrote are checked before (packet_fields.h).
	Bytes bytes() const;
	operator Bytes() const { return bytes(); }
	const std::vector<Layer>& layers() const { return layers_; }
	std::vector<Layer>& layers() { return layers_; }

private:
	std::vector<Layer> layers_;
};

inline Packet operator/(Ethernet e, Layer next)
{
	return Packet(std::move(e)) / std::move(next);
}

} // namespace nfup::packet
