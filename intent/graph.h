// SPDX-License-Identifier: BSD-2-Clause
// The graph that both forms of an intent give: nodes and the edges between
// their ports. What the parser returns and every later pass reads.
#pragma once

#include <string>
#include <vector>

#include "diagnostic.h"

namespace nfup::intent {

// Anonymous nodes are named after their class: `Strip`, the next `Strip@2`.
// Nodes of compound elements have their path: `fw/Strip`.
struct Node {
	std::string name;
	std::string cls;
	std::vector<std::string> args; // split at top-level commas, trimmed, as written
	Location where;
	std::vector<Location> arg_where; // one per argument; empty where a $x was replaced
};

struct Edge {
	int from = 0; // index into Graph::nodes
	int out = 0;  // output port
	int to = 0;
	int in = 0; // input port
	Location where;
};

struct Graph {
	std::vector<Node> nodes; // in order of first appearance
	std::vector<Edge> edges;
};

} // namespace nfup::intent
