// SPDX-License-Identifier: BSD-2-Clause
// The diff and the plan: what changed, what is shared, and the one slot whose
// write takes the NF from the running generation to the new one. Pure: graphs
// and numbers in, a plan out.
//
// Let C be the nodes that changed. D, the nearest node that dominates all of C
// in the old and in the new graph, keeps its slot. The nodes of C and those
// between D and C get fresh slots, which no packet can reach before the flip;
// all others are shared, slot and program. Since the graph is acyclic and every
// path to C passes D, a packet meets the old or the new, never both.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace nfup::upgrade {

// What a node is, apart from where it sits. `identity` hashes code, arguments,
// contract, state, name and the names behind its outputs.
struct PlanNode {
	std::string name;
	std::string identity;
	std::vector<int> out; // per output: index of the node behind it, -1 if open
};

// Where a node's program sits. `program` hashes identity and the slots behind
// its outputs: equal hash, interchangeable program.
struct Placement {
	std::uint32_t slot = 0;
	std::string program;
};

// nodes[0] is the root.
struct PlacedGraph {
	std::vector<PlanNode> nodes;
	std::vector<Placement> placement; // as nodes
};

struct PlanInput {
	PlacedGraph running;
	std::vector<PlanNode> target;
	// Placements of kept generations, by node name: programs that are still
	// loaded and may be used again.
	std::multimap<std::string, Placement> kept;
	// What the prog array holds now. Slots in here are not free.
	std::map<std::uint32_t, std::string> slots;
};

struct Plan {
	std::vector<Placement> placement; // as target
	std::set<int> load;               // target nodes whose program must be loaded
	std::set<int> write;              // target nodes whose fresh slot must be filled before the flip
	int flip = -1;                    // target node whose slot is flipped; -1: nothing changed
	std::vector<std::string> changed; // names, in target order; the root is left out
	std::vector<std::string> shared;
	std::vector<std::string> removed;
	std::map<std::string, std::string> why; // changed name → what is different
};

std::string program_hash(const PlanNode& node, const std::vector<Placement>& placement);

// Places every node of a graph in fresh slots, root in slot 0: the first generation.
Plan plan_first(const std::vector<PlanNode>& target);

Plan plan_upgrade(const PlanInput& input);

} // namespace nfup::upgrade
