// SPDX-License-Identifier: BSD-2-Clause
#include "filter_primitive.h"

#include <array>

#include "numbers.h"

namespace nfup::intent {

namespace {

constexpr std::array<std::pair<const char*, FilterType>, 19> types{{
    {"host", FilterType::host},     {"net", FilterType::net},   {"port", FilterType::port},
    {"proto", FilterType::proto},   {"opt", FilterType::opt},   {"frag", FilterType::frag},
    {"unfrag", FilterType::unfrag}, {"vers", FilterType::vers}, {"hl", FilterType::hl},
    {"id", FilterType::id},         {"tos", FilterType::tos},   {"dscp", FilterType::dscp},
    {"ect", FilterType::ect},       {"ce", FilterType::ce},     {"ttl", FilterType::ttl},
    {"win", FilterType::win},       {"type", FilterType::type}, {"code", FilterType::code},
    {"len", FilterType::len},
}};

} // namespace

// Names of values of this type, if it has any.
std::optional<FilterName> names_for(FilterType type, int proto)
{
	switch (type) {
	case FilterType::port:
		return FilterName::port;
	case FilterType::proto:
		return FilterName::protocol;
	case FilterType::opt:
		return FilterName::tcp_flag;
	case FilterType::type:
		return proto == 58 ? FilterName::icmp6_type : FilterName::icmp_type;
	default:
		return {};
	}
}

std::optional<Number> value_of(FilterType type, int proto, const std::string& word)
{
	if (const auto names = names_for(type, proto))
		if (const auto number = filter_number(*names, word))
			return *number;
	const auto number = read_integer(word);
	if (!number || *number < 0)
		return {};
	return static_cast<Number>(*number);
}

// 1000-2000
std::optional<std::pair<Number, Number>> port_range(const std::string& word)
{
	const std::size_t dash = word.find('-');
	if (dash == std::string::npos || dash == 0)
		return {};
	const auto low = read_integer(word.substr(0, dash)), high = read_integer(word.substr(dash + 1));
	if (!low || !high || *low < 0 || *high < 0)
		return {};
	return std::pair{static_cast<Number>(*low), static_cast<Number>(*high)};
}

std::optional<FilterType> type_of(const std::string& word)
{
	for (const auto& [name, type] : types)
		if (word == name)
			return type;
	return {};
}

const char* name_of(FilterType type)
{
	for (const auto& [name, of] : types)
		if (type == of)
			return name;
	return "proto";
}

bool fits(FilterType type, int proto, const std::string& word)
{
	switch (type) {
	case FilterType::none:
	case FilterType::frag:
	case FilterType::unfrag:
		return false;
	case FilterType::host:
	case FilterType::net: {
		const auto prefix = read_prefix(word);
		return prefix && (word.find('/') != std::string::npos) == (type == FilterType::net);
	}
	case FilterType::port:
		return value_of(type, proto, word) || port_range(word);
	case FilterType::ect:
	case FilterType::ce:
		return value_of(type, proto, word) && word.size() == 1;
	default:
		return value_of(type, proto, word).has_value();
	}
}

FilterType infer_type(const Qualifiers& what, const std::string& word)
{
	if (fits(FilterType::net, what.proto, word))
		return FilterType::net;
	if (fits(FilterType::host, what.proto, word))
		return FilterType::host;
	const bool directed = what.direction != Direction::none;
	if ((what.proto == 1 || what.proto == 58) && !directed && fits(FilterType::type, what.proto, word))
		return FilterType::type;
	if ((what.proto < 0 || what.proto == 6) && !directed && filter_number(FilterName::tcp_flag, word))
		return FilterType::opt;
	const bool can_be_port = what.proto < 0 || what.proto == 6 || what.proto == 17 || what.proto == tcp_or_udp;
	if (can_be_port && filter_number(FilterName::port, word))
		return FilterType::port;
	if (can_be_port && (directed || what.proto >= 0) && fits(FilterType::port, what.proto, word))
		return FilterType::port;
	return FilterType::none;
}

} // namespace nfup::intent
