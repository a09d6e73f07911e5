// SPDX-License-Identifier: BSD-2-Clause
#include "numbers.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <utility>

namespace nfup::intent {

namespace {

constexpr __int128 too_large = static_cast<__int128>(1) << 100;

int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

// Decimal digits with an optional fraction at `i`, times `unit` (known once the
// suffix is), exactly: digits and how many of them are behind the point.
struct Decimal {
	__int128 digits = 0;
	int fraction = 0;
};

std::optional<Decimal> read_decimal(const std::string& text, std::size_t& i)
{
	Decimal out;
	bool any = false, point = false;

	for (; i < text.size(); ++i) {
		if (text[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (!std::isdigit(static_cast<unsigned char>(text[i])))
			break;
		any = true;
		if (out.digits > too_large / 10)
			return std::nullopt;
		out.digits = out.digits * 10 + (text[i] - '0');
		out.fraction += point;
	}
	if (!any)
		return std::nullopt;
	return out;
}

std::optional<__int128> scale(const Decimal& number, __int128 unit)
{
	if (number.digits > too_large / unit)
		return std::nullopt;
	__int128 value = number.digits * unit;
	for (int i = 0; i < number.fraction; ++i)
		value /= 10;
	return value;
}

using Unit = std::pair<const char*, __int128>;

std::optional<__int128> unit_of(const std::string& suffix, std::initializer_list<Unit> units)
{
	for (const auto& [name, value] : units)
		if (suffix == name)
			return value;
	return std::nullopt;
}

} // namespace

std::optional<__int128> read_integer(const std::string& text)
{
	std::size_t i = 0;
	const bool negative = !text.empty() && text[0] == '-';
	int base = 10;
	__int128 value = 0;

	if (negative || (!text.empty() && text[0] == '+'))
		++i;
	if (text.size() > i + 2 && text[i] == '0' && (text[i + 1] == 'x' || text[i + 1] == 'X')) {
		base = 16;
		i += 2;
	} else if (text.size() > i + 1 && text[i] == '0') {
		base = 8;
	}
	if (i == text.size())
		return std::nullopt;
	for (; i < text.size(); ++i) {
		const int digit = digit_value(text[i]);
		if (digit >= base || value > too_large / 16)
			return std::nullopt;
		value = value * base + digit;
	}
	return negative ? -value : value;
}

std::optional<__int128> read_size(const std::string& text)
{
	if (const auto plain = read_integer(text))
		return plain;
	std::size_t i = 0;
	const auto number = read_decimal(text, i);
	if (!number)
		return std::nullopt;
	const auto unit = unit_of(text.substr(i), {{"k", 1 << 10},
						   {"K", 1 << 10},
						   {"M", 1 << 20},
						   {"G", 1 << 30},
						   {"kB", 1 << 10},
						   {"KB", 1 << 10},
						   {"MB", 1 << 20},
						   {"GB", 1 << 30},
						   {"B", 1}});
	if (!unit)
		return std::nullopt;
	return scale(*number, *unit);
}

std::optional<__int128> read_duration(const std::string& text)
{
	constexpr __int128 second = 1000000000;
	std::size_t i = 0;
	__int128 total = 0;

	if (text.empty())
		return std::nullopt;
	while (i < text.size()) {
		const std::size_t start = i;
		const auto number = read_decimal(text, i);
		if (!number)
			return std::nullopt;
		std::size_t end = i;
		while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])))
			++end;
		const std::string suffix = text.substr(i, end - i);
		if (suffix.empty() && (start > 0 || end < text.size()))
			return std::nullopt; // "2h4": four what?
		const auto unit = unit_of(suffix, {{"", second},
						   {"s", second},
						   {"sec", second},
						   {"ms", 1000000},
						   {"msec", 1000000},
						   {"us", 1000},
						   {"usec", 1000},
						   {"ns", 1},
						   {"nsec", 1},
						   {"m", 60 * second},
						   {"min", 60 * second},
						   {"h", 3600 * second},
						   {"hr", 3600 * second},
						   {"d", 86400 * second}});
		const auto part = unit ? scale(*number, *unit) : std::nullopt;
		if (!part || total > too_large)
			return std::nullopt;
		total += *part;
		i = end;
	}
	return total;
}

std::optional<__int128> read_rate(const std::string& text)
{
	constexpr __int128 k = 1000, m = k * k, g = m * k;
	std::size_t i = 0;
	const auto number = read_decimal(text, i);
	if (!number)
		return std::nullopt;
	std::string suffix = text.substr(i);
	if (suffix.ends_with("/s"))
		suffix.resize(suffix.size() - 2);
	else if (suffix.ends_with("pps"))
		suffix.resize(suffix.size() - 3);
	bool bits = suffix.ends_with("bps");
	if (bits || suffix.ends_with("Bps"))
		suffix.resize(suffix.size() - 3);
	const auto unit = unit_of(suffix, {{"", 1}, {"k", k}, {"K", k}, {"M", m}, {"G", g}});
	if (!unit)
		return std::nullopt;
	auto value = scale(*number, *unit);
	if (value && bits)
		*value /= 8;
	return value;
}

std::optional<Ip4> read_ip4(const std::string& text)
{
	Ip4 out{};
	if (inet_pton(AF_INET, text.c_str(), out.data()) != 1)
		return std::nullopt;
	return out;
}

std::optional<Ip6> read_ip6(const std::string& text)
{
	Ip6 out{};
	if (inet_pton(AF_INET6, text.c_str(), out.data()) != 1)
		return std::nullopt;
	return out;
}

std::optional<Mac> read_mac(const std::string& text)
{
	Mac out{};
	std::size_t i = 0;
	const char separator = text.find('-') == std::string::npos ? ':' : '-';

	for (std::size_t n = 0; n < out.size(); ++n) {
		if (n && (i >= text.size() || text[i++] != separator))
			return std::nullopt;
		int value = 0, digits = 0;
		for (; i < text.size() && digits < 2 && digit_value(text[i]) < 16; ++i, ++digits)
			value = value * 16 + digit_value(text[i]);
		if (!digits)
			return std::nullopt;
		out[n] = static_cast<std::uint8_t>(value);
	}
	if (i != text.size())
		return std::nullopt;
	return out;
}

Ip6 map_ip4(const Ip4& address)
{
	Ip6 out{};
	out[10] = out[11] = 0xff;
	std::copy(address.begin(), address.end(), out.begin() + 12);
	return out;
}

std::optional<Prefix> read_prefix(const std::string& text)
{
	const std::size_t slash = text.find('/');
	std::string address = text.substr(0, slash);
	Prefix out;
	int bits = 128;

	// Click lets the end of a network be left out: 10/8, 18.26.4/24.
	if (slash != std::string::npos && !address.empty() &&
	    address.find_first_not_of("0123456789.") == std::string::npos && address.back() != '.')
		while (std::count(address.begin(), address.end(), '.') < 3)
			address += ".0";
	if (const auto ip4 = read_ip4(address)) {
		out.address = map_ip4(*ip4);
		out.ip4 = true;
		bits = 32;
	} else if (const auto ip6 = read_ip6(address)) {
		out.address = *ip6;
	} else {
		return std::nullopt;
	}
	int length = bits;
	if (slash != std::string::npos) {
		const std::string tail = text.substr(slash + 1);
		if (const auto mask = out.ip4 ? read_ip4(tail) : std::nullopt) {
			std::uint32_t m = 0;
			for (const std::uint8_t byte : *mask)
				m = (m << 8) | byte;
			length = 0;
			for (; length < 32 && (m & 0x80000000u); ++length)
				m <<= 1;
			if (m)
				return std::nullopt; // not a prefix
		} else {
			if (tail.empty() || tail.size() > 3 ||
			    tail.find_first_not_of("0123456789") != std::string::npos)
				return std::nullopt;
			length = std::stoi(tail);
			if (length > bits)
				return std::nullopt;
		}
	}
	out.length = length + (128 - bits);
	// The host part says nothing about the network.
	for (int bit = out.length; bit < 128; ++bit)
		out.address[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> (bit % 8)));
	return out;
}

} // namespace nfup::intent
