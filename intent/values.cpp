// SPDX-License-Identifier: BSD-2-Clause
#include "values.h"

#include <charconv>
#include <cmath>

#include <algorithm>
#include <optional>
#include <string_view>

#include "config.h"
#include "numbers.h"
#include "suggest.h"

namespace nfup::intent {

namespace {

using Encoded = std::expected<Bytes, std::string>;
using Quantity = std::optional<__int128> (*)(const std::string&);

Encoded wrong(std::string why)
{
	return std::unexpected(std::move(why));
}

std::string quoted(const std::string& text)
{
	return "`" + text + "`";
}

// `size` bytes, as the host (little-endian, like every BPF target here) has them.
Bytes integer_bytes(__int128 value, unsigned size)
{
	Bytes out;
	for (unsigned i = 0; i < size; ++i) {
		out.push_back(static_cast<std::uint8_t>(value));
		value >>= 8;
	}
	return out;
}

std::optional<std::string> out_of_range(const Param& param, __int128 value, Quantity read, const std::string& text)
{
	const std::size_t dots = param.range.find("..");
	if (dots == std::string::npos)
		return std::nullopt;
	const auto low = read(param.range.substr(0, dots)), high = read(param.range.substr(dots + 2));
	if ((low && value < *low) || (high && value > *high))
		return quoted(text) + " is outside " + param.range;
	return std::nullopt;
}

Encoded quantity(const Param& param, const std::string& text, Quantity read, bool is_signed, const char* example)
{
	const auto value = read(text);
	if (!value)
		return wrong(quoted(text) + " is no " + param.type + "; write " + example);
	if (auto why = out_of_range(param, *value, read, text))
		return wrong(*std::move(why));

	const unsigned bits = std::min(8u * param.size, 64u);
	const __int128 one = 1;
	const __int128 low = is_signed ? -(one << (bits - 1)) : 0;
	const __int128 high = (one << (is_signed && *value < 0 ? bits - 1 : bits)) - 1;
	if (!bits || *value < low || *value > high)
		return wrong(quoted(text) + " does not fit into " + std::to_string(bits) + " bits");
	return integer_bytes(*value, param.size);
}

// "0.25" or "25%" → of 2^32, so that a random 32-bit number is below it that often.
Encoded fraction(const Param& param, const std::string& text)
{
	double value = -1;
	const bool percent = text.ends_with('%');
	const char* end = text.data() + text.size() - (percent ? 1 : 0);
	const auto [rest, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
	if (percent)
		value /= 100;
	if (error != std::errc() || rest != end || !(value >= 0 && value <= 1))
		return wrong(quoted(text) + " is no fraction; write 0.25 or 25%");
	if (param.size != sizeof(std::uint64_t))
		return wrong("the class declares a fraction of " + std::to_string(param.size) + " bytes, not 8");
	return integer_bytes(static_cast<std::int64_t>(std::llround(std::ldexp(value, 32))), param.size);
}

Encoded boolean(const Param& param, const std::string& text)
{
	if (text == "true" || text == "yes" || text == "1")
		return integer_bytes(1, param.size);
	if (text == "false" || text == "no" || text == "0")
		return integer_bytes(0, param.size);
	return wrong(quoted(text) + " is neither true nor false");
}

std::vector<std::string> choices(const Param& param)
{
	return split_args(param.range);
}

Encoded choice(const Param& param, const std::string& text)
{
	const std::vector<std::string> names = choices(param);
	const auto found = std::find(names.begin(), names.end(), text);
	if (found != names.end())
		return integer_bytes(found - names.begin(), param.size);
	const std::string near = did_you_mean(text, names);
	return wrong(quoted(text) + " is none of " + param.range + (near.empty() ? "" : "; " + near));
}

// "unreachable=3, timeexceeded=11": one of the names or one of the numbers.
Encoded named(const Param& param, const std::string& text)
{
	const auto number = read_integer(text);
	std::vector<std::string> names;

	for (const std::string& choice : choices(param)) {
		const std::size_t equals = choice.find('=');
		const auto value = read_integer(choice.substr(equals + 1));
		names.push_back(choice.substr(0, equals));
		if (value && (text == names.back() || number == value))
			return integer_bytes(*value, param.size);
	}
	const std::string near = did_you_mean(text, names);
	return wrong(quoted(text) + " is none of " + param.range + (near.empty() ? "" : "; " + near));
}

template <class Range> Encoded fixed(const Param& param, const Range& bytes)
{
	if (param.size != bytes.size())
		return wrong("the class declares " + std::to_string(param.size) + " bytes for a " + param.type +
			     ", which has " + std::to_string(bytes.size()));
	return Bytes(bytes.begin(), bytes.end());
}

Encoded address(const Param& param, const std::string& text)
{
	if (param.type == "ip4") {
		if (const auto ip4 = read_ip4(text))
			return fixed(param, *ip4);
		return wrong(quoted(text) + " is no IPv4 address");
	}
	if (const auto ip6 = read_ip6(text))
		return fixed(param, *ip6);
	if (param.type == "addr")
		if (const auto ip4 = read_ip4(text))
			return fixed(param, map_ip4(*ip4));
	return wrong(quoted(text) + (param.type == "ip6" ? " is no IPv6 address" : " is no IP address"));
}

Encoded prefix(const Param& param, const std::string& text)
{
	const auto net = read_prefix(text);
	const bool only_ip4 = param.type == "prefix4";

	if (!net || (only_ip4 && !net->ip4))
		return wrong(quoted(text) + " is no " + (only_ip4 ? "IPv4 " : "") + "prefix; write 10.0.0.0/8");
	Bytes out;
	if (only_ip4) {
		out.assign(net->address.begin() + 12, net->address.end());
		for (int i = 0; i < 4; ++i) {
			const int bits = std::clamp(net->length - 96 - 8 * i, 0, 8);
			out.push_back(static_cast<std::uint8_t>(0xff00 >> bits));
		}
	} else {
		out.assign(net->address.begin(), net->address.end());
		out.push_back(static_cast<std::uint8_t>(net->length));
		out.resize(20);
	}
	return fixed(param, out);
}

std::optional<std::uint16_t> port_number(const std::string& text)
{
	const auto value = read_integer(text);
	if (!value || *value < 0 || *value > 65535)
		return std::nullopt;
	return static_cast<std::uint16_t>(*value);
}

Encoded port(const Param& param, const std::string& text)
{
	const auto number = port_number(text);
	if (!number)
		return wrong(quoted(text) + " is no port; ports are 0 to 65535");
	if (auto why = out_of_range(param, *number, read_integer, text))
		return wrong(*std::move(why));
	return fixed(param, Bytes{static_cast<std::uint8_t>(*number >> 8), static_cast<std::uint8_t>(*number)});
}

Encoded port_range(const Param& param, const std::string& text)
{
	const std::size_t dash = text.find('-');
	const auto low = port_number(text.substr(0, dash));
	const auto high = dash == std::string::npos ? low : port_number(text.substr(dash + 1));

	if (!low || !high)
		return wrong(quoted(text) + " is no range of ports; write 1024-65535");
	if (*low > *high)
		return wrong(quoted(text) + " ends before it begins");
	Bytes out = integer_bytes(*low, 2);
	for (const std::uint8_t byte : integer_bytes(*high, 2))
		out.push_back(byte);
	return fixed(param, out);
}

Encoded string(const Param& param, const std::string& text)
{
	if (text.size() >= param.size) // one byte for the NUL that ends it
		return wrong(quoted(text) + " is longer than " + std::to_string(param.size - 1) + " bytes");
	if (text.find('\0') != std::string::npos)
		return wrong("the text has a zero byte");
	Bytes out(text.begin(), text.end());
	out.resize(param.size);
	return out;
}

} // namespace

std::expected<Bytes, std::string> encode_value(const Param& param, const std::string& written)
{
	const std::string text = unquote(written);
	const std::string& type = param.type;

	if (!param.size)
		return wrong("the class declares no room for it");
	if (type == "size")
		return quantity(param, text, read_size, false, "1500, 64k or 10M");
	if (type == "int")
		return quantity(param, text, read_integer, true, "42 or 0x2a");
	if (type == "duration")
		return quantity(param, text, read_duration, false, "5s, 100ms or 2h4m");
	if (type == "rate")
		return quantity(param, text, read_rate, false, "1000, 10k or 100Mbps");
	if (type == "fraction")
		return fraction(param, text);
	if (type == "bool")
		return boolean(param, text);
	if (type == "enum")
		return choice(param, text);
	if (type == "named")
		return named(param, text);
	if (type == "ip4" || type == "ip6" || type == "addr")
		return address(param, text);
	if (type == "prefix4" || type == "prefix")
		return prefix(param, text);
	if (type == "port")
		return port(param, text);
	if (type == "portrange")
		return port_range(param, text);
	if (type == "mac") {
		if (const auto mac = read_mac(text))
			return fixed(param, *mac);
		return wrong(quoted(text) + " is no Ethernet address; write 02:00:00:00:00:01");
	}
	if (type == "string")
		return string(param, text);
	return wrong("the class declares the type " + quoted(type) + ", which nfup does not know");
}

} // namespace nfup::intent
