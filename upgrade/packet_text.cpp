// SPDX-License-Identifier: BSD-2-Clause
#include "packet_text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <optional>
#include <span>

#include "packet_fields.h"

namespace nfup::packet {

namespace {

// What the bytes at a place are said to be by the layer in front.
enum class Next { ethernet, ethertype, protocol, payload };

struct Reader {
	std::span<const std::uint8_t> rest;
	Next next = Next::ethernet;
	unsigned type = 0; // ethertype or protocol
	bool six = false;  // behind an IPv6 header

	unsigned u8(std::size_t at) const { return rest[at]; }
	std::uint16_t u16(std::size_t at) const { return static_cast<std::uint16_t>(rest[at] << 8 | rest[at + 1]); }
	std::uint32_t u32(std::size_t at) const { return static_cast<std::uint32_t>(u16(at)) << 16 | u16(at + 2); }
	Bytes bytes(std::size_t at, std::size_t size) const
	{
		return {rest.begin() + static_cast<std::ptrdiff_t>(at),
			rest.begin() + static_cast<std::ptrdiff_t>(at + size)};
	}
	Mac mac(std::size_t at) const
	{
		Mac mac{};
		std::copy_n(rest.begin() + static_cast<std::ptrdiff_t>(at), 6, mac.begin());
		return mac;
	}
	std::string address(int family, std::size_t at) const
	{
		char text[INET6_ADDRSTRLEN] = "";
		inet_ntop(family, &rest[at], text, sizeof text);
		return text;
	}
	void go(std::size_t size, Next then, unsigned what)
	{
		rest = rest.subspan(size);
		next = then;
		type = what;
	}

	std::optional<Layer> ethernet()
	{
		if (rest.size() < 14)
			return {};
		const Ethernet e{mac(0), mac(6), u16(12)};
		go(14, Next::ethertype, *e.type);
		return e;
	}
	std::optional<Layer> vlan()
	{
		if (rest.size() < 4)
			return {};
		Vlan v{.id = static_cast<std::uint16_t>(u16(0) & 0xfff),
		       .tpid = static_cast<std::uint16_t>(type),
		       .type = u16(2),
		       .priority = static_cast<std::uint8_t>(u8(0) >> 5)};
		go(4, Next::ethertype, *v.type);
		return v;
	}
	std::optional<Layer> arp()
	{
		if (rest.size() < 28)
			return {};
		const ARP a{u16(6), mac(8), address(AF_INET, 14), mac(18), address(AF_INET, 24)};
		go(28, Next::payload, 0);
		return a;
	}
	std::optional<Layer> ip4()
	{
		const std::size_t header = rest.size() < 20 ? 0 : (u8(0) & 15) * 4;
		if (header < 20 || rest.size() < header)
			return {};
		IPv4 ip{.src = address(AF_INET, 12), .dst = address(AF_INET, 16)};
		ip.ttl = static_cast<std::uint8_t>(u8(8));
		ip.version = static_cast<std::uint8_t>(u8(0) >> 4);
		ip.ihl = static_cast<std::uint8_t>(u8(0) & 15);
		ip.length = u16(2);
		ip.fragment = u16(6) & 0x1fff;
		ip.more = u16(6) & 0x2000;
		ip.dont_fragment = u16(6) & 0x4000;
		ip.proto = static_cast<std::uint8_t>(u8(9));
		ip.checksum = u16(10);
		ip.options = bytes(20, header - 20);
		ip.tos = static_cast<std::uint8_t>(u8(1));
		ip.id = u16(4);
		six = false;
		go(header, ip.fragment ? Next::payload : Next::protocol, *ip.proto);
		return ip;
	}
	std::optional<Layer> ip6()
	{
		if (rest.size() < 40)
			return {};
		IPv6 ip{.src = address(AF_INET6, 8), .dst = address(AF_INET6, 24)};
		ip.hop_limit = static_cast<std::uint8_t>(u8(7));
		ip.version = static_cast<std::uint8_t>(u8(0) >> 4);
		ip.length = u16(4);
		ip.next = static_cast<std::uint8_t>(u8(6));
		ip.traffic_class = static_cast<std::uint8_t>(u16(0) >> 4);
		six = true;
		go(40, Next::protocol, *ip.next);
		return ip;
	}
	std::optional<Layer> extension()
	{
		if (rest.size() < 8)
			return {};
		const std::size_t size = type == 51 ? (u8(1) + 2) * 4 : (u8(1) + 1) * 8;
		if (rest.size() < size)
			return {};
		Extension e{.type = static_cast<std::uint8_t>(type), .size = static_cast<std::uint8_t>(u8(1))};
		e.body[0] = rest[2];
		e.body[1] = rest[3];
		e.next = rest[0];
		go(size, Next::protocol, *e.next);
		return e;
	}
	std::optional<Layer> fragment()
	{
		if (rest.size() < 8)
			return {};
		const Fragment6 f{static_cast<std::uint16_t>(u16(2) >> 3), (u16(2) & 1) != 0, u32(4), rest[0]};
		go(8, f.fragment ? Next::payload : Next::protocol, *f.next);
		return f;
	}
	std::optional<Layer> tcp()
	{
		const std::size_t header = rest.size() < 20 ? 0 : (u8(12) >> 4) * 4;
		if (header < 20 || rest.size() < header)
			return {};
		TCP t{.sport = u16(0), .dport = u16(2), .flags = u8(13), .seq = u32(4), .ack = u32(8)};
		t.data_offset = static_cast<std::uint8_t>(u8(12) >> 4);
		t.checksum = u16(16);
		t.options = bytes(20, header - 20);
		t.window = u16(14);
		go(header, Next::payload, 0);
		return t;
	}
	std::optional<Layer> udp()
	{
		if (rest.size() < 8)
			return {};
		const UDP u{u16(0), u16(2), u16(4), u16(6)};
		go(8, Next::payload, 0);
		return u;
	}
	template <class M> std::optional<Layer> icmp()
	{
		if (rest.size() < 8)
			return {};
		const M m{rest[0], rest[1], u16(4), u16(6), u16(2)};
		go(8, Next::payload, 0);
		return m;
	}
	std::optional<Layer> by_protocol()
	{
		switch (type) {
		case 1:
			return icmp<ICMP>();
		case 4:
			return ip4();
		case 6:
			return tcp();
		case 17:
			return udp();
		case 41:
			return ip6();
		case 58:
			return icmp<ICMP6>();
		case 44:
			return six ? fragment() : std::nullopt;
		case 0:
		case 43:
		case 51:
		case 60:
			return six ? extension() : std::nullopt;
		default:
			return {};
		}
	}
	std::optional<Layer> read()
	{
		switch (next) {
		case Next::ethernet:
			return ethernet();
		case Next::ethertype:
			if (type == 0x8100 || type == 0x88a8 || type == 0x9100)
				return vlan();
			return type == 0x0800 ? ip4() : type == 0x86dd ? ip6() : type == 0x0806 ? arp() : std::nullopt;
		case Next::protocol:
			return by_protocol();
		case Next::payload:
			break;
		}
		return {};
	}
};

// Text in quotes where every byte is readable, hex digits where one is not.
std::string payload_text(const Bytes& bytes)
{
	if (bytes.size() > 8 && bytes == Payload::of(bytes.size()).bytes)
		return "Fill(" + std::to_string(bytes.size()) + ")";
	std::string quoted = "\"";
	for (const std::uint8_t byte : bytes) {
		if (!std::isprint(byte))
			return "Hex(" + write_hex(bytes) + ")";
		if (byte == '"' || byte == '\\')
			quoted += '\\';
		quoted += static_cast<char>(byte);
	}
	return quoted + "\"";
}

std::string layer_text(const Layer& layer)
{
	const LayerInfo* info = info_of(layer);
	if (!info)
		return payload_text(std::get<Payload>(layer).bytes);
	std::string fields;
	for (const Field& field : info->fields) {
		const auto value = field.get(layer);
		if (value && value != field.get(info->fresh))
			fields += (fields.empty() ? "" : ", ") + std::string(field.name) + "=" + *value;
	}
	return std::string(info->name) + "(" + fields + ")";
}

} // namespace

Packet dissect(const Bytes& bytes)
{
	Reader reader{bytes};
	std::vector<Layer> layers;
	for (;;) {
		auto layer = reader.read();
		if (!layer)
			break;
		layers.push_back(std::move(*layer));
	}
	// A header with bits that no field names is left as bytes, with all behind it.
	for (;;) {
		Packet packet(layers);
		const std::size_t size = packet.bytes().size();
		if (size < bytes.size())
			packet.layers().push_back(
			    Payload(Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(size), bytes.end())));
		if (layers.empty() || packet.bytes() == bytes)
			return packet;
		layers.pop_back();
	}
}

bool is_right(const Packet& packet, std::size_t layer, const char* name)
{
	Packet other = packet;
	const LayerInfo* info = info_of(other.layers()[layer]);
	const Field* field = info ? find_field(*info, name) : nullptr;
	if (!field || !field->compute)
		return false;
	field->compute(other.layers()[layer]);
	return other.bytes() == packet.bytes();
}

std::string to_text(const Packet& packet)
{
	std::string text;
	for (const Layer& layer : packet.layers())
		text += (text.empty() ? "" : " / ") + layer_text(layer);
	return text;
}

std::string to_text(const Bytes& bytes)
{
	Packet packet = dissect(bytes);
	for (std::size_t i = 0; i < packet.layers().size(); i++)
		if (const LayerInfo* info = info_of(packet.layers()[i]))
			for (const Field& field : info->fields)
				if (field.compute && is_right(packet, i, field.name))
					field.compute(packet.layers()[i]);
	return to_text(packet);
}

} // namespace nfup::packet
