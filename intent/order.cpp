// SPDX-License-Identifier: BSD-2-Clause
#include "order.h"

#include <algorithm>
#include <utility>

namespace nfup::intent {

namespace {

std::size_t z(int i)
{
	return static_cast<std::size_t>(i);
}

} // namespace

std::vector<bool> reachable(const Successors& next, const std::vector<int>& from)
{
	std::vector<bool> seen(next.size());
	std::vector<int> open;

	auto visit = [&](int node) {
		if (!seen[z(node)]) {
			seen[z(node)] = true;
			open.push_back(node);
		}
	};
	for (const int node : from)
		visit(node);
	while (!open.empty()) {
		const int node = open.back();
		open.pop_back();
		for (const int to : next[z(node)])
			visit(to);
	}
	return seen;
}

std::vector<std::vector<int>> cycles(const Successors& next)
{
	enum : char { fresh, open, done };
	std::vector<char> state(next.size(), fresh);
	std::vector<std::pair<int, std::size_t>> path; // node, its next edge
	std::vector<std::vector<int>> found;

	for (std::size_t start = 0; start < next.size(); ++start) {
		if (state[start] != fresh)
			continue;
		bool one = false; // further rings of the same part would only repeat it
		path.emplace_back(static_cast<int>(start), 0);
		state[start] = open;
		while (!path.empty()) {
			auto& [node, edge] = path.back();
			if (edge == next[z(node)].size()) {
				state[z(node)] = done;
				path.pop_back();
				continue;
			}
			const int to = next[z(node)][edge++];
			if (state[z(to)] == fresh) {
				state[z(to)] = open;
				path.emplace_back(to, 0);
			} else if (state[z(to)] == open && !std::exchange(one, true)) {
				std::vector<int>& ring = found.emplace_back();
				auto at = std::find_if(path.begin(), path.end(),
						       [to](const auto& p) { return p.first == to; });
				for (; at != path.end(); ++at)
					ring.push_back(at->first);
			}
		}
	}
	return found;
}

std::vector<int> topological(const Successors& next)
{
	std::vector<int> waiting(next.size()), order;

	for (const auto& outs : next)
		for (const int to : outs)
			++waiting[z(to)];
	for (std::size_t i = 0; i < next.size(); ++i)
		if (!waiting[i])
			order.push_back(static_cast<int>(i));
	for (std::size_t i = 0; i < order.size(); ++i)
		for (const int to : next[z(order[i])])
			if (--waiting[z(to)] == 0)
				order.push_back(to);
	return order;
}

std::vector<int> longest_path(const Successors& next, const std::vector<int>& from)
{
	std::vector<int> length(next.size(), -1), before(next.size(), -1), path;
	int last = -1;

	for (const int node : from)
		length[z(node)] = 0;
	for (const int node : topological(next)) {
		if (length[z(node)] < 0)
			continue;
		if (last < 0 || length[z(node)] > length[z(last)])
			last = node;
		for (const int to : next[z(node)])
			if (length[z(node)] + 1 > length[z(to)]) {
				length[z(to)] = length[z(node)] + 1;
				before[z(to)] = node;
			}
	}
	for (; last >= 0; last = before[z(last)])
		path.push_back(last);
	std::reverse(path.begin(), path.end());
	return path;
}

} // namespace nfup::intent
