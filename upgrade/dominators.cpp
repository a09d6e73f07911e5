// SPDX-License-Identifier: BSD-2-Clause
#include "dominators.h"

#include <cstddef>

namespace nfup::upgrade {

std::vector<int> topological_order(const std::vector<std::vector<int>>& out)
{
	std::vector<int> waiting(out.size(), 0), order;
	for (const auto& successors : out)
		for (const int to : successors)
			if (to >= 0)
				waiting[static_cast<std::size_t>(to)]++;
	for (std::size_t n = 0; n < out.size(); n++)
		if (waiting[n] == 0)
			order.push_back(static_cast<int>(n));
	for (std::size_t i = 0; i < order.size(); i++)
		for (const int to : out[static_cast<std::size_t>(order[i])])
			if (to >= 0 && --waiting[static_cast<std::size_t>(to)] == 0)
				order.push_back(to);
	return order;
}

// Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm" (2001). One
// sweep in topological order is enough where there are no cycles.
Dominators::Dominators(const std::vector<std::vector<int>>& out) : parent_(out.size(), -1), order_(out.size(), 0)
{
	const std::vector<int> order = topological_order(out);
	for (std::size_t i = 0; i < order.size(); i++)
		order_[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
	parent_[0] = 0;
	order_[0] = -1; // the root comes first, also before nodes it does not reach
	for (const int node : order) {
		int& own = parent_[static_cast<std::size_t>(node)];
		if (own < 0)
			own = 0;
		for (const int to : out[static_cast<std::size_t>(node)]) {
			if (to < 0)
				continue;
			int& parent = parent_[static_cast<std::size_t>(to)];
			parent = parent < 0 ? node : common(parent, node);
		}
	}
}

int Dominators::common(int a, int b) const
{
	while (a != b) {
		int& later = order_[static_cast<std::size_t>(a)] > order_[static_cast<std::size_t>(b)] ? a : b;
		later = parent_[static_cast<std::size_t>(later)];
	}
	return a;
}

} // namespace nfup::upgrade
