// SPDX-License-Identifier: BSD-2-Clause
// Dominators of an acyclic graph with one root: node d dominates n when every
// path from the root to n passes d.
#pragma once

#include <vector>

namespace nfup::upgrade {

class Dominators {
public:
	// `out[n]`: the nodes behind n (-1: none); node 0 is the root. Nodes that the
	// root does not reach count as dominated by the root.
	explicit Dominators(const std::vector<std::vector<int>>& out);

	int parent(int node) const { return parent_[static_cast<std::size_t>(node)]; } // of the root: itself
	int common(int a, int b) const; // the nearest node that dominates both
	bool dominates(int d, int node) const { return common(d, node) == d; }

private:
	std::vector<int> parent_;
	std::vector<int> order_; // place in a topological order
};

// Nodes in an order where every edge goes forward. The graph is acyclic.
std::vector<int> topological_order(const std::vector<std::vector<int>>& out);

} // namespace nfup::upgrade
