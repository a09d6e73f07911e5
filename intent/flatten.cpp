// SPDX-License-Identifier: BSD-2-Clause
#include "flatten.h"

#include <cstdint>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace nfup::intent {

namespace {

constexpr std::size_t max_edges = std::size_t{1} << 22; // borders multiply: bound the product

std::uint64_t key(int junction, int port)
{
	return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(junction)) << 32) |
	       static_cast<std::uint32_t>(port);
}

} // namespace

std::vector<Edge> flatten(const std::vector<Junction>& junctions, const std::vector<Connection>& connections,
			  Diagnostics& diagnostics)
{
	std::unordered_map<std::uint64_t, std::vector<int>> behind_border;
	std::set<std::tuple<int, int, int, int>> seen; // repeating a connection is no mistake
	std::vector<Edge> edges;

	for (std::size_t i = 0; i < connections.size(); ++i) {
		const Connection& c = connections[i];
		if (junctions[static_cast<std::size_t>(c.from)].node < 0)
			behind_border[key(c.from, c.out)].push_back(static_cast<int>(i));
	}
	for (const Connection& first : connections) {
		const int from = junctions[static_cast<std::size_t>(first.from)].node;
		if (from < 0)
			continue;
		std::vector<const Connection*> open{&first};
		std::unordered_set<std::uint64_t> crossed; // borders can form a ring
		while (!open.empty()) {
			const Connection& c = *open.back();
			open.pop_back();
			const int to = junctions[static_cast<std::size_t>(c.to)].node;
			if (to >= 0) {
				if (seen.emplace(from, first.out, to, c.in).second)
					edges.push_back({from, first.out, to, c.in, first.where});
				continue;
			}
			if (!crossed.insert(key(c.to, c.in)).second)
				continue;
			const auto behind = behind_border.find(key(c.to, c.in));
			if (behind == behind_border.end())
				continue; // the border's own check has said so
			for (auto i = behind->second.rbegin(); i != behind->second.rend(); ++i)
				open.push_back(&connections[static_cast<std::size_t>(*i)]);
			if (edges.size() + open.size() > max_edges) {
				diagnostics.error(first.where, "the intent has more than " + std::to_string(max_edges) +
								   " connections");
				return edges;
			}
		}
	}
	return edges;
}

} // namespace nfup::intent
