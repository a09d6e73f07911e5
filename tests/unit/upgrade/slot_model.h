// SPDX-License-Identifier: BSD-2-Clause
// A model of the prog array: programs that jump to the slots they were loaded
// with, and packets that may stand anywhere when a slot changes.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "upgrade/plan.h"

namespace nfup::upgrade::model {

// A loaded program: what it is, and where its outputs jump.
struct Program {
	std::string hash;
	std::vector<std::uint32_t> out; // slots
};

class Slots {
public:
	void write(std::uint32_t slot, Program program) { slots_[slot] = std::move(program); }
	const std::map<std::uint32_t, Program>& content() const { return slots_; }
	std::map<std::uint32_t, std::string> hashes() const;

	// Every way a packet can go from `program` on, as sequences of program hashes.
	// A miss ends a way with the hash "miss".
	std::vector<std::vector<std::string>> ways(const Program& program) const;

private:
	std::map<std::uint32_t, Program> slots_;
};

// One NF: its prog array, its running and its kept generations.
class Nf {
public:
	explicit Nf(const std::vector<PlanNode>& first);

	struct Violation {
		std::string what;
	};
	// Plans and executes; between any two writes, and for packets at every
	// position, no way may mix the generations. Returns what went wrong.
	std::vector<Violation> upgrade(const std::vector<PlanNode>& target, Plan* made = nullptr);
	// The same, with the flip broken into one write per fresh node, at the old
	// slots: what a naive tool does. For the test of the test.
	std::vector<Violation> naive_upgrade(const std::vector<PlanNode>& target);

	const PlacedGraph& running() const { return running_; }
	PlanInput input(const std::vector<PlanNode>& target) const;

private:
	std::vector<Violation> in_flight(const Slots& before, const Slots& after, const std::set<std::string>& only_old,
					 const std::set<std::string>& only_new) const;

	Slots slots_;
	PlacedGraph running_;
	std::vector<PlacedGraph> kept_;
};

// A random acyclic graph with every node reachable; names come from a small
// pool, so that two graphs share many.
std::vector<PlanNode> random_graph(std::mt19937& random);

// The graph with some identities, edges and nodes changed.
std::vector<PlanNode> mutate(const std::vector<PlanNode>& graph, std::mt19937& random);

} // namespace nfup::upgrade::model
