// SPDX-License-Identifier: BSD-2-Clause
#include "packet.h"

#include <arpa/inet.h>
#include <stdexcept>

namespace nfup::packet {

std::uint16_t ones_sum(const Bytes& b)
{
	std::uint64_t sum = 0;
	for (std::size_t i = 0; i < b.size(); i++)
		sum += i % 2 ? b[i] : static_cast<std::uint64_t>(b[i]) << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return static_cast<std::uint16_t>(sum);
}

std::uint16_t checksum(const Bytes& b)
{
	return static_cast<std::uint16_t>(~ones_sum(b));
}

namespace {

// Wraps one layer around the bytes of those behind it.
struct Builder {
	const std::vector<Layer>& layers;

	// Another checksum, and not the other zero of one's complement either.
	static std::uint16_t spoil(std::uint16_t sum, bool bad)
	{
		if (!bad)
			return sum;
		return sum == 0x0101 ? std::uint16_t{0x0202} : static_cast<std::uint16_t>(sum ^ 0x0101);
	}
	static void put8(Bytes& b, unsigned v) { b.push_back(static_cast<std::uint8_t>(v)); }
	static void put16(Bytes& b, unsigned v)
	{
		put8(b, v >> 8);
		put8(b, v);
	}
	static void put32(Bytes& b, std::uint32_t v)
	{
		put16(b, v >> 16);
		put16(b, v & 0xffff);
	}
	static void set16(Bytes& b, std::size_t at, unsigned v)
	{
		b[at] = static_cast<std::uint8_t>(v >> 8);
		b[at + 1] = static_cast<std::uint8_t>(v);
	}
	// One by one: g++ 12 warns of what insert() and resize() cannot do here.
	template <class... More> static void append(Bytes& b, const More&... more)
	{
		const auto one = [&](const auto& bytes) {
			for (const std::uint8_t byte : bytes)
				b.push_back(byte);
		};
		(one(more), ...);
	}
	static Bytes address(int family, const std::string& text)
	{
		Bytes b(family == AF_INET ? 4 : 16);
		if (inet_pton(family, text.c_str(), b.data()) != 1)
			throw std::invalid_argument("no address: " + text);
		return b;
	}

	std::uint16_t ethertype_behind(std::size_t i) const
	{
		if (i + 1 >= layers.size())
			return 0x88b5; // local experimental
		if (auto* vlan = std::get_if<Vlan>(&layers[i + 1]))
			return vlan->tpid;
		if (std::holds_alternative<IPv4>(layers[i + 1]))
			return 0x0800;
		if (std::holds_alternative<IPv6>(layers[i + 1]))
			return 0x86dd;
		if (std::holds_alternative<ARP>(layers[i + 1]))
			return 0x0806;
		return 0x88b5;
	}
	std::uint8_t protocol_behind(std::size_t i) const
	{
		if (i + 1 >= layers.size())
			return 59; // no next header
		const Layer& next = layers[i + 1];
		if (auto* extension = std::get_if<Extension>(&next))
			return extension->type;
		if (std::holds_alternative<Fragment6>(next))
			return 44;
		if (std::holds_alternative<TCP>(next))
			return 6;
		if (std::holds_alternative<UDP>(next))
			return 17;
		if (std::holds_alternative<ICMP>(next))
			return 1;
		if (std::holds_alternative<ICMP6>(next))
			return 58;
		if (std::holds_alternative<IPv4>(next))
			return 4;
		if (std::holds_alternative<IPv6>(next))
			return 41;
		return 253; // experimental
	}
	// RFC 9293 §3.1, RFC 8200 §8.1: over the nearest IP header in front.
	Bytes pseudo_header(std::size_t i, std::uint8_t proto, std::size_t length) const
	{
		Bytes b;
		while (i-- > 0) {
			if (auto* ip = std::get_if<IPv4>(&layers[i])) {
				append(b, address(AF_INET, ip->src), address(AF_INET, ip->dst));
				break;
			}
			if (auto* ip6 = std::get_if<IPv6>(&layers[i])) {
				append(b, address(AF_INET6, ip6->src), address(AF_INET6, ip6->dst));
				break;
			}
		}
		put32(b, proto);
		put32(b, static_cast<std::uint32_t>(length));
		return b;
	}
	std::uint16_t transport_checksum(std::size_t i, std::uint8_t proto, const Bytes& segment) const
	{
		Bytes b = pseudo_header(i, proto, segment.size());
		append(b, segment);
		return checksum(b);
	}

	Bytes wrap(const Ethernet& e, std::size_t i, Bytes inner) const
	{
		Bytes b;
		append(b, e.dst, e.src);
		put16(b, e.type.value_or(ethertype_behind(i)));
		append(b, inner);
		return b;
	}
	Bytes wrap(const Vlan& v, std::size_t i, Bytes inner) const
	{
		Bytes b;
		put16(b, static_cast<unsigned>(v.priority << 13) | v.id);
		put16(b, v.type.value_or(ethertype_behind(i)));
		append(b, inner);
		return b;
	}
	Bytes wrap(const ARP& a, std::size_t, Bytes inner) const
	{
		Bytes b;
		put32(b, 0x00010800); // Ethernet, IPv4
		put16(b, 0x0604);     // lengths of their addresses
		put16(b, a.op);
		append(b, a.sender_mac, address(AF_INET, a.sender), a.target_mac, address(AF_INET, a.target), inner);
		return b;
	}
	Bytes wrap(const IPv4& ip, std::size_t i, Bytes inner) const
	{
		Bytes b;
		std::size_t header = 20 + ip.options.size();
		put8(b,
		     static_cast<unsigned>(ip.version << 4) | ip.ihl.value_or(static_cast<std::uint8_t>(header / 4)));
		put8(b, ip.tos);
		put16(b, ip.length.value_or(static_cast<std::uint16_t>(header + inner.size())));
		put16(b, ip.id);
		put16(b, (ip.dont_fragment ? 0x4000u : 0u) | (ip.more ? 0x2000u : 0u) | ip.fragment);
		put8(b, ip.ttl);
		put8(b, ip.proto.value_or(protocol_behind(i)));
		put16(b, 0);
		append(b, address(AF_INET, ip.src), address(AF_INET, ip.dst), ip.options);
		set16(b, 10, ip.checksum.value_or(spoil(checksum(b), ip.bad_checksum)));
		append(b, inner);
		return b;
	}
	Bytes wrap(const IPv6& ip, std::size_t i, Bytes inner) const
	{
		Bytes b;
		put32(b, static_cast<std::uint32_t>(ip.version) << 28 | static_cast<std::uint32_t>(ip.traffic_class)
									    << 20);
		put16(b, ip.length.value_or(static_cast<std::uint16_t>(inner.size())));
		put8(b, ip.next.value_or(protocol_behind(i)));
		put8(b, ip.hop_limit);
		append(b, address(AF_INET6, ip.src), address(AF_INET6, ip.dst), inner);
		return b;
	}
	Bytes wrap(const Extension& e, std::size_t i, Bytes inner) const
	{
		Bytes b;
		std::uint8_t size = e.size.value_or(e.type == 51 ? std::uint8_t{1} : std::uint8_t{0});
		put8(b, e.next.value_or(protocol_behind(i)));
		put8(b, size);
		put8(b, e.body[0]);
		put8(b, e.body[1]);
		append(b, Bytes((e.type == 51 ? (size + 2u) * 4 : (size + 1u) * 8) - 4), inner);
		return b;
	}
	Bytes wrap(const Fragment6& f, std::size_t i, Bytes inner) const
	{
		Bytes b;
		put8(b, f.next.value_or(protocol_behind(i)));
		put8(b, 0);
		put16(b, static_cast<unsigned>(f.fragment << 3) | (f.more ? 1u : 0u));
		put32(b, f.id);
		append(b, inner);
		return b;
	}
	Bytes wrap(const TCP& t, std::size_t i, Bytes inner) const
	{
		Bytes b;
		put16(b, t.sport);
		put16(b, t.dport);
		put32(b, t.seq);
		put32(b, t.ack);
		put8(b, static_cast<unsigned>(
			    t.data_offset.value_or(static_cast<std::uint8_t>((20 + t.options.size()) / 4)) << 4));
		put8(b, t.flags);
		put16(b, t.window);
		put32(b, 0); // checksum, urgent pointer
		append(b, t.options, inner);
		set16(b, 16, t.checksum.value_or(spoil(transport_checksum(i, 6, b), t.bad_checksum)));
		return b;
	}
	Bytes wrap(const UDP& u, std::size_t i, Bytes inner) const
	{
		Bytes b;
		put16(b, u.sport);
		put16(b, u.dport);
		put16(b, u.length.value_or(static_cast<std::uint16_t>(8 + inner.size())));
		put16(b, 0);
		append(b, inner);
		std::uint16_t sum = transport_checksum(i, 17, b);
		set16(b, 6, u.checksum.value_or(spoil(sum ? sum : std::uint16_t{0xffff}, u.bad_checksum)));
		return b;
	}
	Bytes wrap(const ICMP& m, std::size_t, Bytes inner) const
	{
		Bytes b = icmp(m.type, m.code, m.id, m.seq, inner);
		set16(b, 2, m.checksum.value_or(spoil(checksum(b), m.bad_checksum)));
		return b;
	}
	Bytes wrap(const ICMP6& m, std::size_t i, Bytes inner) const
	{
		Bytes b = icmp(m.type, m.code, m.id, m.seq, inner);
		set16(b, 2, m.checksum.value_or(spoil(transport_checksum(i, 58, b), m.bad_checksum)));
		return b;
	}
	Bytes wrap(const Payload& p, std::size_t, Bytes inner) const
	{
		Bytes b = p.bytes;
		append(b, inner);
		return b;
	}
	static Bytes icmp(std::uint8_t type, std::uint8_t code, std::uint16_t id, std::uint16_t seq, const Bytes& inner)
	{
		Bytes b;
		put8(b, type);
		put8(b, code);
		put16(b, 0);
		put16(b, id);
		put16(b, seq);
		append(b, inner);
		return b;
	}
};

} // namespace

Bytes Packet::bytes() const
{
	const Builder builder{layers_};
	Bytes out;
	for (std::size_t i = layers_.size(); i-- > 0;)
		out = std::visit([&](const auto& layer) { return builder.wrap(layer, i, std::move(out)); }, layers_[i]);
	return out;
}

} // namespace nfup::packet
