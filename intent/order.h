// SPDX-License-Identifier: BSD-2-Clause
// Questions about the order of nodes: who is reached, which rings there are,
// which path is the longest. None of them recurses: graphs can be large.
#pragma once

#include <vector>

namespace nfup::intent {

using Successors = std::vector<std::vector<int>>;

std::vector<bool> reachable(const Successors& next, const std::vector<int>& from);

// One ring for each part of the graph that has any, as the nodes along it.
std::vector<std::vector<int>> cycles(const Successors& next);

// Nodes such that every edge goes forward. Needs a graph without rings.
std::vector<int> topological(const Successors& next);

// The longest path that starts at one of `from`; empty when `from` is.
std::vector<int> longest_path(const Successors& next, const std::vector<int>& from);

} // namespace nfup::intent
