// SPDX-License-Identifier: BSD-2-Clause
#include "neighbours.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "bpf/lib/neighbours.h"
#include "config.h"
#include "numbers.h"

namespace nfup::intent {

namespace {

std::optional<Ip6> read_address(const std::string& text)
{
	if (const auto ip4 = read_ip4(text))
		return map_ip4(*ip4);
	return read_ip6(text);
}

} // namespace

std::expected<ListContent, ListMistake> compile_neighbours(const std::vector<std::string>& texts)
{
	// In an order of their own, so that the same neighbours give the same bytes.
	std::map<Ip6, Mac> neighbours;

	for (std::size_t i = 0; i < texts.size(); ++i) {
		const auto wrong = [&](std::string message, std::string hint) {
			return std::unexpected(ListMistake{std::move(message), std::move(hint), i});
		};
		const std::string text = unquote(texts[i]);
		const std::vector<std::string> words = split_words(text);
		if (words.size() != 2)
			return wrong("`" + text + "` is no neighbour", "a neighbour is ADDRESS MAC");
		const auto address = read_address(words[0]);
		if (!address)
			return wrong("`" + words[0] + "` is no IP address", "a neighbour is ADDRESS MAC");
		const auto mac = read_mac(words[1]);
		if (!mac)
			return wrong("`" + words[1] + "` is no Ethernet address", "write 02:00:00:00:00:01");
		if (!neighbours.try_emplace(*address, *mac).second)
			return wrong("`" + words[0] + "` has an Ethernet address already", "leave one of them out");
	}
	ListContent out;
	append_record(out.constant, static_cast<std::uint32_t>(neighbours.size()));
	out.tables = {{"neighbours", {}}};
	for (const auto& [address, mac] : neighbours) {
		neighbour value{};
		std::ranges::copy(mac, value.mac);
		append_record(out.tables[0].bytes, address);
		append_record(out.tables[0].bytes, value);
	}
	return out;
}

} // namespace nfup::intent
