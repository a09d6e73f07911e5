// SPDX-License-Identifier: BSD-2-Clause
#include "entry_text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>

#include "intent/numbers.h"
#include "intent/suggest.h"

namespace nfup::statemaps {

namespace {

using Parsed = std::expected<__int128, std::string>;

constexpr std::uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

constexpr std::pair<const char*, int> protos[] = {
    {"icmp", 1}, {"igmp", 2}, {"tcp", 6}, {"udp", 17}, {"gre", 47}, {"esp", 50}, {"icmp6", 58}, {"sctp", 132},
};

// Ages that are further away stand for `never`, which is older than all.
constexpr __int128 never_age = std::numeric_limits<std::int64_t>::max();

std::unexpected<std::string> wrong(std::string why)
{
	return std::unexpected(std::move(why));
}

std::uint64_t load(const EntryField& f, const std::uint8_t* part)
{
	std::uint64_t value = 0;
	for (std::uint32_t i = 0; i < f.size; i++)
		value |= std::uint64_t{part[f.offset + (f.big_endian ? f.size - 1 - i : i)]} << 8 * i;
	if (f.bits)
		value = value >> f.bit & (f.bits == 64 ? ~0ull : (1ull << f.bits) - 1);
	return value;
}

void store(const EntryField& f, std::uint8_t* part, std::uint64_t value)
{
	if (f.bits) {
		const std::uint64_t mask = (f.bits == 64 ? ~0ull : (1ull << f.bits) - 1) << f.bit;
		EntryField whole = f;
		whole.bits = 0;
		value = (load(whole, part) & ~mask) | (value << f.bit & mask);
	}
	for (std::uint32_t i = 0; i < f.size; i++)
		part[f.offset + (f.big_endian ? f.size - 1 - i : i)] = static_cast<std::uint8_t>(value >> 8 * i);
}

unsigned width(const EntryField& f)
{
	return f.bits ? f.bits : f.size * 8;
}

std::string ip_text(const std::uint8_t* bytes, bool ip4)
{
	char text[INET6_ADDRSTRLEN] = "";
	inet_ntop(ip4 ? AF_INET : AF_INET6, bytes, text, sizeof text);
	return text;
}

std::string hex(const std::uint8_t* bytes, std::size_t size)
{
	static constexpr char digits[] = "0123456789abcdef";
	std::string text;
	for (std::size_t i = 0; i < size; i++) {
		text += digits[bytes[i] >> 4];
		text += digits[bytes[i] & 15];
	}
	return text;
}

// Up to a minute with fractions, then as a person says it: 2h4m, 3d5h.
std::string age_text(std::int64_t ns)
{
	std::string sign;
	auto rest = static_cast<std::uint64_t>(ns);
	if (ns < 0) {
		sign = "-";
		rest = -rest;
	}
	char text[64];
	const std::uint64_t seconds = rest / 1000000000;
	if (rest < 60000000000u)
		snprintf(text, sizeof text, "%.3gs", static_cast<double>(rest) / 1e9);
	else if (seconds < 3600)
		snprintf(text, sizeof text, "%lum%lus", seconds / 60, seconds % 60);
	else
		snprintf(text, sizeof text, "%luh%lum", seconds / 3600, seconds / 60 % 60);
	return sign + text;
}

std::string quoted(const std::string& text)
{
	return "`" + text + "`";
}

std::string lower(std::string text)
{
	std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
	return text;
}

Parsed in_width(const EntryField& f, __int128 value, const std::string& text)
{
	const unsigned bits = width(f);
	const __int128 one = 1;
	const __int128 low = f.is_signed ? -(one << (bits - 1)) : 0;
	const __int128 high = (one << (f.is_signed ? bits - 1 : bits)) - 1;
	if (value < low || value > high)
		return wrong(quoted(text) + " does not fit into " + std::to_string(bits) + " bits");
	return value;
}

// An enumerator by its name, or by the end of it: SYN_SENT for FSM_SYN_SENT.
Parsed named(const EntryField& f, const std::string& text)
{
	const std::string wanted = lower(text);
	std::vector<std::int64_t> ending;
	std::vector<std::string> names;
	for (const auto& [name, value] : f.names) {
		names.push_back(name);
		if (lower(name) == wanted)
			return value;
		if (lower(name).ends_with("_" + wanted))
			ending.push_back(value);
	}
	if (ending.size() == 1)
		return ending.front();
	if (const auto number = intent::read_integer(text))
		return in_width(f, *number, text);
	std::string all;
	for (const std::string& name : names)
		all += (all.empty() ? "" : ", ") + name;
	const std::string near = intent::did_you_mean(text, names);
	return wrong(quoted(text) + (ending.empty() ? " is none of " : " is the end of several of ") + all +
		     (near.empty() ? "" : "; " + near));
}

Parsed proto(const EntryField& f, const std::string& text)
{
	for (const auto& [name, number] : protos)
		if (lower(text) == name)
			return number;
	if (lower(text) == "icmpv6")
		return 58;
	if (const auto number = intent::read_integer(text))
		return in_width(f, *number, text);
	return wrong(quoted(text) + " is no protocol; write tcp, udp, icmp, icmp6 or a number");
}

Parsed age(const std::string& text)
{
	if (text == "never")
		return never_age;
	if (text == "now")
		return 0;
	const bool ahead = text.starts_with('-');
	const auto ns = intent::read_duration(ahead ? text.substr(1) : text);
	if (!ns || *ns < 0 || *ns >= never_age)
		return wrong(quoted(text) + " is no age; write 30s, 500ms, 2h4m, now or never");
	return ahead ? -*ns : *ns;
}

Parsed ticks(const std::string& text)
{
	if (text == "now")
		return 0;
	const auto number = intent::read_integer(text.ends_with('j') ? text.substr(0, text.size() - 1) : text);
	if (!number || *number < 0 || *number > 0xffffffffu)
		return wrong(quoted(text) + " is no number of ticks ago; write 12j or now");
	return *number;
}

std::expected<void, std::string> parse_bytes(const EntryField& f, const std::string& text, std::uint8_t* part)
{
	const std::string digits = text.starts_with("0x") ? text.substr(2) : text;
	const auto nibble = [](char c) {
		return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
	};
	if (digits.size() != 2 * f.size ||
	    !std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; }))
		return wrong(quoted(text) + " is not the " + std::to_string(f.size) +
			     " bytes in hex that belong here, " + std::to_string(2 * f.size) + " digits");
	for (std::uint32_t i = 0; i < f.size; i++)
		part[f.offset + i] = static_cast<std::uint8_t>(nibble(digits[2 * i]) << 4 | nibble(digits[2 * i + 1]));
	return {};
}

template <class Address>
std::expected<void, std::string> put(const EntryField& f, const std::optional<Address>& address, const char* what,
				     const std::string& text, std::uint8_t* part)
{
	if (!address)
		return wrong(quoted(text) + " is no " + what);
	memcpy(part + f.offset, address->data(), address->size());
	return {};
}

} // namespace

bool is_numeric(Meaning meaning)
{
	return meaning == Meaning::number || meaning == Meaning::named || meaning == Meaning::proto ||
	       meaning == Meaning::time || meaning == Meaning::jiffies;
}

__int128 number_of(const EntryField& f, const std::uint8_t* part, const Moment& now)
{
	const std::uint64_t raw = load(f, part);
	if (f.meaning == Meaning::time)
		return raw == 0 ? never_age : static_cast<std::int64_t>(now.ns - raw);
	if (f.meaning == Meaning::jiffies)
		return static_cast<std::uint32_t>(now.jiffies - raw);
	if (f.is_signed && width(f) < 64 && raw >> (width(f) - 1) & 1)
		return static_cast<std::int64_t>(raw | ~0ull << width(f));
	return f.is_signed ? __int128{static_cast<std::int64_t>(raw)} : __int128{raw};
}

Parsed parse_number(const EntryField& f, const std::string& text)
{
	switch (f.meaning) {
	case Meaning::named:
		return named(f, text);
	case Meaning::proto:
		return proto(f, text);
	case Meaning::time:
		return age(text);
	case Meaning::jiffies:
		return ticks(text);
	default:
		break;
	}
	if (const auto number = intent::read_integer(text))
		return in_width(f, *number, text);
	return wrong(quoted(text) + " is no number");
}

std::string to_text(const EntryField& f, const std::uint8_t* part, const Moment& now)
{
	const std::uint8_t* at = part + f.offset;
	switch (f.meaning) {
	case Meaning::number:
		return f.is_signed ? std::to_string(static_cast<std::int64_t>(number_of(f, part, now)))
				   : std::to_string(load(f, part));
	case Meaning::named:
		for (const auto& [name, value] : f.names)
			if (value == number_of(f, part, now))
				return name;
		return std::to_string(static_cast<std::int64_t>(number_of(f, part, now)));
	case Meaning::proto:
		for (const auto& [name, number] : protos)
			if (static_cast<std::uint64_t>(number) == load(f, part))
				return name;
		return std::to_string(load(f, part));
	case Meaning::address:
		return memcmp(at, mapped, sizeof mapped) == 0 ? ip_text(at + 12, true) : ip_text(at, false);
	case Meaning::address4:
		return ip_text(at, true);
	case Meaning::mac: {
		char text[18];
		snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", at[0], at[1], at[2], at[3], at[4], at[5]);
		return text;
	}
	case Meaning::time: {
		const __int128 passed = number_of(f, part, now);
		return passed == never_age ? "never" : age_text(static_cast<std::int64_t>(passed));
	}
	case Meaning::jiffies:
		return std::to_string(static_cast<std::uint32_t>(number_of(f, part, now))) + "j";
	case Meaning::text: {
		const std::string text(reinterpret_cast<const char*>(at),
				       strnlen(reinterpret_cast<const char*>(at), f.size));
		return std::ranges::all_of(text, [](unsigned char c) { return std::isgraph(c) != 0; }) && !text.empty()
			   ? text
			   : "0x" + hex(at, f.size);
	}
	case Meaning::bytes:
	case Meaning::kernel:
		break;
	}
	return hex(at, f.size);
}

nlohmann::json to_value(const EntryField& f, const std::uint8_t* part, const Moment& now)
{
	switch (f.meaning) {
	case Meaning::number:
		if (f.is_signed)
			return static_cast<std::int64_t>(number_of(f, part, now));
		return load(f, part);
	case Meaning::time: {
		const __int128 passed = number_of(f, part, now);
		if (passed == never_age)
			return nullptr;
		return static_cast<double>(passed) / 1e9;
	}
	case Meaning::jiffies:
		return static_cast<std::uint32_t>(number_of(f, part, now));
	default:
		return to_text(f, part, now);
	}
}

std::expected<void, std::string> parse_into(const EntryField& f, const std::string& text, std::uint8_t* part,
					    const Moment& now)
{
	if (is_numeric(f.meaning)) {
		const auto number = parse_number(f, text);
		if (!number)
			return wrong(number.error());
		auto raw = static_cast<std::uint64_t>(*number);
		if (f.meaning == Meaning::time)
			raw = *number == never_age ? 0 : now.ns - raw;
		else if (f.meaning == Meaning::jiffies)
			raw = now.jiffies - static_cast<std::uint32_t>(raw);
		store(f, part, raw);
		return {};
	}
	switch (f.meaning) {
	case Meaning::address:
		if (const auto ip4 = intent::read_ip4(text))
			return put(f, std::optional(intent::map_ip4(*ip4)), "IP address", text, part);
		return put(f, intent::read_ip6(text), "IP address", text, part);
	case Meaning::address4:
		return put(f, intent::read_ip4(text), "IPv4 address", text, part);
	case Meaning::mac:
		return put(f, intent::read_mac(text), "Ethernet address, as 02:00:00:00:00:01", text, part);
	case Meaning::text:
		if (text.starts_with("0x") && text.size() == 2 + 2 * f.size)
			break;
		if (text.size() > f.size)
			return wrong(quoted(text) + " is longer than " + std::to_string(f.size) + " bytes");
		memset(part + f.offset, 0, f.size);
		memcpy(part + f.offset, text.data(), text.size());
		return {};
	case Meaning::kernel:
		return wrong("the kernel keeps this field for itself");
	default:
		break;
	}
	return parse_bytes(f, text, part);
}

} // namespace nfup::statemaps
