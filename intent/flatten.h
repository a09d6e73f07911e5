// SPDX-License-Identifier: BSD-2-Clause
// Connections through the `input` and `output` of compounds and groups become
// edges between nodes.
#pragma once

#include <vector>

#include "diagnostic.h"
#include "graph.h"

namespace nfup::intent {

// A place where connections meet: a node, or one side of a compound's or
// group's border, where what comes in by port i goes out by port i.
struct Junction {
	int node = -1; // index into Graph::nodes; -1: a border
};

struct Connection {
	int from = 0, out = 0; // junction and port
	int to = 0, in = 0;
	Location where;
};

std::vector<Edge> flatten(const std::vector<Junction>& junctions, const std::vector<Connection>& connections,
			  Diagnostics& diagnostics);

} // namespace nfup::intent
