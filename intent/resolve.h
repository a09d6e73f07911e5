// SPDX-License-Identifier: BSD-2-Clause
// Pass 2: graph + classes → a resolved NF: every class known, every argument
// checked against its parameter and encoded, every port in range and connected,
// no cycle, all nodes reachable, no path too deep.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "class_info.h"
#include "diagnostic.h"
#include "graph.h"
#include "values.h"

namespace nfup::intent {

struct ResolvedNode {
	std::string name;
	std::string cls;
	std::vector<std::string> args; // as written
	const ClassInfo* info = nullptr;
	// Parameter values as bytes for rodata: one entry per ClassInfo::params, in
	// that order, each exactly Param::size bytes. `port`-typed parameters
	// (type "device") hold the u32 index into Resolved::ports.
	std::vector<std::vector<std::uint8_t>> values;
	std::vector<TableContent> tables;
	std::vector<int> out; // per output port: index of the node behind it, -1 if open
	Location where;
};

struct Resolved {
	std::vector<ResolvedNode> nodes; // same order as Graph::nodes
	std::vector<Edge> edges;         // node indices as in Graph
	std::vector<std::string> ports;  // device labels in order of first appearance: p1, p2
	std::vector<int> entries;        // per port: index of its FromDevice node, -1 if only sent to
	int depth = 0;                   // tail calls on the longest path, from ingress to the last node:
					 // FromDevice itself is the second (ingress → root → FromDevice)
	std::vector<int> deepest;        // that path, as node indices
};

// Needs no root and no kernel. Compiles classes through `library`.
// `known_ports`: labels and their order in the running generation, so that a
// port keeps its index over an upgrade.
Resolved resolve(const Graph& graph, ClassLibrary& library, Diagnostics& diagnostics,
		 const std::vector<std::string>& known_ports = {});

} // namespace nfup::intent
