// SPDX-License-Identifier: BSD-2-Clause
#include "filter_packet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "intent/numbers.h"

namespace nfup::intent::test {

namespace {

void put(std::uint8_t* to, Number value, std::size_t bytes)
{
	for (std::size_t i = bytes; i-- > 0; value >>= 8)
		to[i] = static_cast<std::uint8_t>(value);
}

template <class T> void put16(T& field, unsigned value)
{
	put(reinterpret_cast<std::uint8_t*>(&field), value, 2);
}

} // namespace

Number address(const std::string& text)
{
	const auto prefix = read_prefix(text);
	EXPECT_TRUE(prefix) << text;
	Number out = 0;
	for (const std::uint8_t byte : prefix->address)
		out = out << 8 | byte;
	return out;
}

filter_key key_of(const Packet& p)
{
	filter_key k{};
	const bool transport = !p.later;
	const bool ports = transport && (p.proto == 6 || p.proto == 17);

	put(k.saddr, p.src, 16);
	put(k.daddr, p.dst, 16);
	k.proto = static_cast<__u8>(p.proto);
	unsigned traits = p.family == 6 ? FILTER_IP6 : 0;
	traits |= p.proto == 6    ? FILTER_TCP
		  : p.proto == 17 ? FILTER_UDP
		  : p.proto == 1  ? FILTER_ICMP
		  : p.proto == 58 ? FILTER_ICMP6
				  : 0;
	traits |= p.fragment ? FILTER_FRAGMENT : 0;
	if (ports) {
		traits |= FILTER_PORTS;
		put16(k.sport, p.sport);
		put16(k.dport, p.dport);
	}
	if (transport && p.proto != 17) {
		traits |= FILTER_TRANSPORT;
		k.tcp_flags = p.proto == 6 ? static_cast<__u8>(p.tcp_flags) : __u8{0};
		put16(k.window, p.proto == 6 ? p.window : 0);
		k.icmp_type = p.proto == 6 ? __u8{0} : static_cast<__u8>(p.icmp_type);
		k.icmp_code = p.proto == 6 ? __u8{0} : static_cast<__u8>(p.icmp_code);
	}
	k.traits = static_cast<__u8>(traits);
	k.ttl = static_cast<__u8>(p.ttl);
	k.tos = static_cast<__u8>(p.tos);
	k.version_hl = static_cast<__u8>(p.family == 6 ? 0x60 : 0x40 | p.header_length);
	put16(k.id, p.family == 6 ? 0 : p.id);
	put16(k.length, p.length);
	return k;
}

unsigned search(const FilterTables& tables, const filter_key& key)
{
	const auto before = [](const auto& a, const filter_key& b) {
		return std::memcmp(&a.first, &b, sizeof b) < 0;
	};
	std::uint32_t best = ~0u;
	unsigned action = tables.program.otherwise;

	EXPECT_EQ(tables.program.shapes, tables.shapes.size());
	for (std::size_t i = 0; i < tables.shapes.size() && tables.shapes[i].best < best; ++i) {
		filter_key masked;
		const auto* k = reinterpret_cast<const std::uint8_t*>(&key);
		const auto* m = reinterpret_cast<const std::uint8_t*>(&tables.shapes[i].mask);
		auto* out = reinterpret_cast<std::uint8_t*>(&masked);
		for (std::size_t b = 0; b < sizeof masked; ++b)
			out[b] = k[b] & m[b];
		if (tables.shapes[i].action != FILTER_HASHED) {
			if (std::memcmp(&tables.shapes[i].value, &masked, sizeof masked) == 0)
				return tables.shapes[i].action;
			continue;
		}
		masked.shape = static_cast<__u16>(i);
		const auto at = std::lower_bound(tables.entries.begin(), tables.entries.end(), masked, before);
		if (at == tables.entries.end() || std::memcmp(&at->first, &masked, sizeof masked) != 0)
			continue;
		if (at->second.rank < best) {
			best = at->second.rank;
			action = at->second.action;
		}
	}
	return action;
}

FilterTables compile(FilterForm form, const std::vector<std::string>& texts)
{
	const auto rules = read_rules(form, texts);
	if (!rules) {
		ADD_FAILURE() << rules.error().message;
		return {};
	}
	auto tables = compile_rules(*rules);
	if (!tables) {
		ADD_FAILURE() << tables.error().message;
		return {};
	}
	return *std::move(tables);
}

bool matches(const std::string& expression, const Packet& packet)
{
	return search(compile(FilterForm::classifier, {expression}), key_of(packet)) == 0;
}

} // namespace nfup::intent::test
