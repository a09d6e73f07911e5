// SPDX-License-Identifier: BSD-2-Clause
#include "routes.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <ranges>
#include <utility>

#include "bpf/lib/routes.h"
#include "config.h"
#include "numbers.h"

namespace nfup::intent {

namespace {

struct Route {
	Prefix to;
	std::optional<Ip6> gateway; // IPv4 mapped
	unsigned output = 0;
};

std::unexpected<ListMistake> wrong(std::string message, std::string hint = {})
{
	return std::unexpected(ListMistake{std::move(message), std::move(hint)});
}

std::string quoted(const std::string& text)
{
	return "`" + text + "`";
}

// Are there bits behind the prefix length? read_prefix() clears them.
bool has_host_bits(const std::string& text, const Prefix& prefix)
{
	const std::string address = text.substr(0, text.find('/'));
	const auto whole = read_prefix(address + (prefix.ip4 ? "/32" : "/128"));
	return whole && whole->address != prefix.address;
}

std::expected<Prefix, ListMistake> read_destination(const std::string& text)
{
	const auto prefix = read_prefix(text);
	if (!prefix)
		return wrong(quoted(text) + " is no prefix", "write 10.0.0.0/8, 2001:db8::/32 or an address");
	if (has_host_bits(text, *prefix))
		return wrong(quoted(text) + " has bits behind its prefix length",
			     "a host is written with /32 (IPv6: /128), or without a length");
	if (!prefix->ip4 && prefix->length >= 96 &&
	    std::ranges::equal(map_ip4({}) | std::views::take(12), prefix->address | std::views::take(12)))
		return wrong(quoted(text) + " is IPv4 in the shape of IPv6", "write it as IPv4");
	return *prefix;
}

std::expected<Ip6, ListMistake> read_gateway(const std::string& text, bool ip4)
{
	if (const auto address = read_ip4(text); address && ip4)
		return map_ip4(*address);
	if (const auto address = read_ip6(text); address && !ip4)
		return *address;
	return wrong(quoted(text) + " is no " + (ip4 ? "IPv4" : "IPv6") + " address",
		     "a gateway is of the family of its route");
}

std::expected<Route, ListMistake> read_route(const std::string& text)
{
	const std::vector<std::string> words = split_words(text);
	if (words.size() != 2 && words.size() != 3)
		return wrong(quoted(text) + " is no route", "a route is ADDRESS/LENGTH [GATEWAY] OUTPUT");
	Route out;
	const auto to = read_destination(words[0]);
	if (!to)
		return std::unexpected(to.error());
	out.to = *to;
	if (words.size() == 3 && words[1] != "-") {
		const auto gateway = read_gateway(words[1], to->ip4);
		if (!gateway)
			return std::unexpected(gateway.error());
		// Click: 0.0.0.0 is none
		if (*gateway != (to->ip4 ? map_ip4({}) : Ip6{}))
			out.gateway = *gateway;
	}
	const auto output = read_integer(words.back());
	if (!output)
		return wrong(quoted(words.back()) + " is no output",
			     "a route ends in the number of the output that it takes");
	if (*output < 0 || *output >= NFUP_MAX_OUTPUTS)
		return wrong("there is no output " + words.back(),
			     "outputs are numbered 0 to " + std::to_string(NFUP_MAX_OUTPUTS - 1));
	out.output = static_cast<unsigned>(*output);
	return out;
}

route value_of(const Route& from)
{
	route out{};
	if (from.gateway)
		std::ranges::copy(*from.gateway, out.gateway);
	out.output = from.output;
	out.direct = !from.gateway;
	return out;
}

void append_route(const Route& from, ListContent& content, route_program& program)
{
	const auto length = static_cast<__u32>(from.to.length);
	if (from.to.ip4) {
		route4_key key{length - 96, 0};
		std::memcpy(&key.addr, from.to.address.data() + 12, sizeof key.addr);
		append_record(content.tables[0].bytes, key);
		append_record(content.tables[0].bytes, value_of(from));
		++program.routes4;
	} else {
		route6_key key{length, {}};
		std::ranges::copy(from.to.address, key.addr);
		append_record(content.tables[1].bytes, key);
		append_record(content.tables[1].bytes, value_of(from));
		++program.routes6;
	}
}

} // namespace

std::expected<ListContent, ListMistake> compile_routes(const std::vector<std::string>& texts)
{
	// In an order of their own, so that the same routes give the same bytes.
	std::map<std::pair<Ip6, int>, std::pair<Route, std::size_t>> routes;
	unsigned outputs = 1;

	for (std::size_t i = 0; i < texts.size(); ++i) {
		auto route = read_route(unquote(texts[i]));
		if (!route) {
			route.error().element = i;
			return std::unexpected(route.error());
		}
		outputs = std::max(outputs, route->output + 1);
		const std::pair key(route->to.address, route->to.length * 2 + route->to.ip4);
		const auto [at, fresh] = routes.try_emplace(key, *std::move(route), i);
		if (!fresh)
			return std::unexpected(ListMistake{quoted(texts[i]) + " and " +
							       quoted(texts[at->second.second]) +
							       " are routes to the same prefix",
							   "leave one of them out", i});
	}
	ListContent out;
	route_program program{};
	out.tables = {{"routes4", {}}, {"routes6", {}}};
	for (const auto& [key, route] : routes)
		append_route(route.first, out, program);
	append_record(out.constant, program);
	out.outputs = static_cast<int>(outputs);
	return out;
}

} // namespace nfup::intent
