// SPDX-License-Identifier: BSD-2-Clause
#include "packet_fields.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <type_traits>

#include "intent/numbers.h"

namespace nfup::packet {

namespace {

std::optional<std::uint32_t> read_number(const std::string& text, std::uint32_t most)
{
	const auto number = intent::read_integer(text);
	if (!number || *number < 0 || *number > most)
		return {};
	return static_cast<std::uint32_t>(*number);
}

constexpr char flag_letters[] = "FSRPAU"; // from bit 0 on; E and C are written as numbers

std::optional<std::uint32_t> read_flags(const std::string& text)
{
	if (auto number = read_number(text, 0xff))
		return number;
	std::uint32_t flags = 0;
	for (const char letter : text) {
		const std::string letters = flag_letters;
		const auto bit = letters.find(letter);
		if (bit == std::string::npos)
			return {};
		flags |= 1u << bit;
	}
	return text.empty() ? std::nullopt : std::optional(flags);
}

std::string write_flags(std::uint32_t flags)
{
	std::string text;
	if (flags == 0 || flags >> 6)
		return std::to_string(flags);
	for (unsigned bit = 0; bit < 6; bit++)
		if (flags >> bit & 1)
			text += flag_letters[bit];
	return text;
}

std::string write_mac(const Mac& mac)
{
	char text[18];
	std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		      mac[5]);
	return text;
}

template <class L, class T> Field number(const char* name, T L::*member, std::uint32_t most, const char* takes)
{
	return {name, takes,
		[=](Layer& layer, const std::string& text) {
			const auto value = read_number(text, most);
			if (value)
				std::get<L>(layer).*member = static_cast<T>(*value);
			return value.has_value();
		},
		[=](const Layer& layer) -> std::optional<std::string> {
			return std::to_string(std::get<L>(layer).*member);
		},
		nullptr};
}

template <class L> Field number8(const char* name, std::uint8_t L::*member)
{
	return number(name, member, 0xff, "a number up to 255");
}

template <class L> Field number16(const char* name, std::uint16_t L::*member)
{
	return number(name, member, 0xffff, "a number up to 65535");
}

// A field that is computed unless it is written.
template <class L, class T> Field computed(const char* name, Auto<T> L::*member, std::uint32_t most)
{
	return {name, "a number, or ok: what is right",
		[=](Layer& layer, const std::string& text) {
			const auto value = read_number(text, most);
			if (!value && text != "ok")
				return false;
			auto& field = std::get<L>(layer).*member;
			field = value ? Auto<T>(static_cast<T>(*value)) : Auto<T>();
			return true;
		},
		[=](const Layer& layer) -> std::optional<std::string> {
			const auto& field = std::get<L>(layer).*member;
			return field ? std::optional(std::to_string(*field)) : std::nullopt;
		},
		[=](Layer& layer) {
			(std::get<L>(layer).*member).reset();
		}};
}

template <class L> Field checksum_field()
{
	Field field = computed("checksum", &L::checksum, 0xffff);
	field.takes = "a number, or ok, or bad";
	field.set = [plain = field.set](Layer& layer, const std::string& text) {
		if (!plain(layer, text == "bad" ? "ok" : text))
			return false;
		std::get<L>(layer).bad_checksum = text == "bad";
		return true;
	};
	field.get = [plain = field.get](const Layer& layer) {
		return std::get<L>(layer).bad_checksum ? std::optional<std::string>("bad") : plain(layer);
	};
	field.compute = [plain = field.compute](Layer& layer) {
		plain(layer);
		std::get<L>(layer).bad_checksum = false;
	};
	return field;
}

template <class L> Field yes_no(const char* name, bool L::*member)
{
	return {name, "true or false",
		[=](Layer& layer, const std::string& text) {
			if (text != "true" && text != "false")
				return false;
			std::get<L>(layer).*member = text == "true";
			return true;
		},
		[=](const Layer& layer) -> std::optional<std::string> {
			return std::get<L>(layer).*member ? "true" : "false";
		},
		nullptr};
}

template <class L> Field mac(const char* name, Mac L::*member)
{
	return {name, "an address as in 02:00:00:00:00:01",
		[=](Layer& layer, const std::string& text) {
			const auto value = intent::read_mac(text);
			if (value)
				std::get<L>(layer).*member = *value;
			return value.has_value();
		},
		[=](const Layer& layer) -> std::optional<std::string> { return write_mac(std::get<L>(layer).*member); },
		nullptr};
}

template <class L> Field address(const char* name, std::string L::*member)
{
	constexpr bool six = std::is_same_v<L, IPv6>;
	return {name, six ? "an IPv6 address" : "an IPv4 address",
		[=](Layer& layer, const std::string& text) {
			if (six ? !intent::read_ip6(text) : !intent::read_ip4(text))
				return false;
			std::get<L>(layer).*member = text;
			return true;
		},
		[=](const Layer& layer) -> std::optional<std::string> { return std::get<L>(layer).*member; }, nullptr};
}

template <class L> Field options(Bytes L::*member)
{
	return {"options", "hex digits, a multiple of 4 bytes, 40 at most",
		[=](Layer& layer, const std::string& text) {
			const auto bytes = read_hex(text);
			if (!bytes || bytes->size() % 4 || bytes->size() > 40)
				return false;
			std::get<L>(layer).*member = *bytes;
			return true;
		},
		[=](const Layer& layer) -> std::optional<std::string> { return write_hex(std::get<L>(layer).*member); },
		nullptr};
}

Field extension_body()
{
	return {"body", "two bytes in hex digits",
		[](Layer& layer, const std::string& text) {
			const auto bytes = read_hex(text);
			if (!bytes || bytes->size() != 2)
				return false;
			std::copy(bytes->begin(), bytes->end(), std::get<Extension>(layer).body);
			return true;
		},
		[](const Layer& layer) -> std::optional<std::string> {
			const auto& body = std::get<Extension>(layer).body;
			return write_hex({body[0], body[1]});
		},
		nullptr};
}

Field tcp_flags_field()
{
	return {
	    "flags", "letters of FSRPAU, or a number up to 255",
	    [](Layer& layer, const std::string& text) {
		    const auto value = read_flags(text);
		    if (value)
			    std::get<TCP>(layer).flags = *value;
		    return value.has_value();
	    },
	    [](const Layer& layer) -> std::optional<std::string> { return write_flags(std::get<TCP>(layer).flags); },
	    nullptr};
}

template <class M> std::vector<Field> icmp_fields()
{
	return {number8("type", &M::type), number8("code", &M::code), number16("id", &M::id), number16("seq", &M::seq),
		checksum_field<M>()};
}

std::vector<LayerInfo> make_table()
{
	const char* const any32 = "a number up to 4294967295";
	return {
	    {"Ethernet",
	     Ethernet{},
	     {mac("dst", &Ethernet::dst), mac("src", &Ethernet::src), computed("type", &Ethernet::type, 0xffff)}},
	    {"VLAN",
	     Vlan{},
	     {number("id", &Vlan::id, 4095, "a number up to 4095"),
	      number("priority", &Vlan::priority, 7, "a number up to 7"), number16("tpid", &Vlan::tpid),
	      computed("type", &Vlan::type, 0xffff)}},
	    {"ARP",
	     ARP{},
	     {number16("op", &ARP::op), mac("sender_mac", &ARP::sender_mac), address("sender", &ARP::sender),
	      mac("target_mac", &ARP::target_mac), address("target", &ARP::target)}},
	    {"IPv4",
	     IPv4{},
	     {address("src", &IPv4::src), address("dst", &IPv4::dst), number8("ttl", &IPv4::ttl),
	      number8("tos", &IPv4::tos), number16("id", &IPv4::id),
	      number("fragment", &IPv4::fragment, 0x1fff, "an offset in units of 8 bytes, up to 8191"),
	      yes_no("more", &IPv4::more), yes_no("dont_fragment", &IPv4::dont_fragment),
	      computed("proto", &IPv4::proto, 0xff), number("version", &IPv4::version, 15, "a number up to 15"),
	      computed("ihl", &IPv4::ihl, 15), computed("length", &IPv4::length, 0xffff), checksum_field<IPv4>(),
	      options(&IPv4::options)}},
	    {"IPv6",
	     IPv6{},
	     {address("src", &IPv6::src), address("dst", &IPv6::dst), number8("hop_limit", &IPv6::hop_limit),
	      number8("traffic_class", &IPv6::traffic_class), computed("next", &IPv6::next, 0xff),
	      number("version", &IPv6::version, 15, "a number up to 15"), computed("length", &IPv6::length, 0xffff)}},
	    {"Extension",
	     Extension{},
	     {number8("type", &Extension::type), computed("size", &Extension::size, 0xff), extension_body(),
	      computed("next", &Extension::next, 0xff)}},
	    {"Fragment",
	     Fragment6{},
	     {number("fragment", &Fragment6::fragment, 0x1fff, "an offset in units of 8 bytes, up to 8191"),
	      yes_no("more", &Fragment6::more), number("id", &Fragment6::id, UINT32_MAX, any32),
	      computed("next", &Fragment6::next, 0xff)}},
	    {"TCP",
	     TCP{},
	     {number16("sport", &TCP::sport), number16("dport", &TCP::dport), tcp_flags_field(),
	      number("seq", &TCP::seq, UINT32_MAX, any32), number("ack", &TCP::ack, UINT32_MAX, any32),
	      number16("window", &TCP::window), computed("data_offset", &TCP::data_offset, 15), checksum_field<TCP>(),
	      options(&TCP::options)}},
	    {"UDP",
	     UDP{},
	     {number16("sport", &UDP::sport), number16("dport", &UDP::dport), computed("length", &UDP::length, 0xffff),
	      checksum_field<UDP>()}},
	    {"ICMP", ICMP{}, icmp_fields<ICMP>()},
	    {"ICMPv6", ICMP6{}, icmp_fields<ICMP6>()},
	};
}

} // namespace

const std::vector<LayerInfo>& layer_infos()
{
	static const std::vector<LayerInfo> table = make_table();
	return table;
}

const LayerInfo* info_of(const Layer& layer)
{
	for (const LayerInfo& info : layer_infos())
		if (info.fresh.index() == layer.index())
			return &info;
	return nullptr;
}

const LayerInfo* find_layer(const std::string& name)
{
	const auto found = std::ranges::find(layer_infos(), name, &LayerInfo::name);
	return found == layer_infos().end() ? nullptr : &*found;
}

const Field* find_field(const LayerInfo& info, const std::string& name)
{
	const auto found = std::ranges::find(info.fields, name, &Field::name);
	return found == info.fields.end() ? nullptr : &*found;
}

std::optional<Bytes> read_hex(const std::string& text)
{
	Bytes bytes;
	int high = -1;
	for (const char c : text) {
		if (c == ' ' || c == '\t')
			continue;
		const auto place = std::string("0123456789abcdef0123456789ABCDEF").find(c);
		if (place == std::string::npos)
			return {};
		const int digit = static_cast<int>(place % 16);
		if (high < 0) {
			high = digit;
			continue;
		}
		bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
		high = -1;
	}
	return high < 0 ? std::optional(bytes) : std::nullopt;
}

std::string write_hex(const Bytes& bytes)
{
	static constexpr char digits[] = "0123456789abcdef";
	std::string text;
	for (const std::uint8_t byte : bytes) {
		text += digits[byte >> 4];
		text += digits[byte & 15];
	}
	return text;
}

} // namespace nfup::packet
