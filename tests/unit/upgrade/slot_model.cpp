// SPDX-License-Identifier: BSD-2-Clause
#include "slot_model.h"

#include <algorithm>

#include "upgrade/dominators.h"

namespace nfup::upgrade::model {

namespace {

std::size_t at(int index)
{
	return static_cast<std::size_t>(index);
}

Program program_of(const std::vector<PlanNode>& nodes, const std::vector<Placement>& placement, int node)
{
	Program program{placement[at(node)].program, {}};
	for (const int to : nodes[at(node)].out)
		program.out.push_back(placement[at(to)].slot);
	return program;
}

std::set<std::string> hashes_of(const std::vector<Placement>& placement)
{
	std::set<std::string> hashes;
	for (const Placement& p : placement)
		hashes.insert(p.program);
	return hashes;
}

std::set<std::string> minus(const std::set<std::string>& a, const std::set<std::string>& b)
{
	std::set<std::string> difference;
	std::ranges::set_difference(a, b, std::inserter(difference, difference.end()));
	return difference;
}

// The identity must name what is behind the outputs, as the real one does.
void name_successors(std::vector<PlanNode>& graph, const std::vector<int>& versions)
{
	for (std::size_t i = 0; i < graph.size(); i++) {
		graph[i].identity = graph[i].name + " v" + std::to_string(versions[i]);
		for (const int to : graph[i].out)
			graph[i].identity += " " + graph[at(to)].name;
	}
}

int version_of(const PlanNode& node)
{
	return std::stoi(node.identity.substr(node.identity.find(" v") + 2));
}

} // namespace

std::map<std::uint32_t, std::string> Slots::hashes() const
{
	std::map<std::uint32_t, std::string> hashes;
	for (const auto& [slot, program] : slots_)
		hashes.emplace(slot, program.hash);
	return hashes;
}

std::vector<std::vector<std::string>> Slots::ways(const Program& program) const
{
	std::vector<std::vector<std::string>> ways = {{program.hash}};
	for (const std::uint32_t slot : program.out) {
		const auto next = slots_.find(slot);
		if (next == slots_.end()) {
			ways.push_back({program.hash, "miss"});
			continue;
		}
		for (auto& rest : this->ways(next->second)) {
			rest.insert(rest.begin(), program.hash);
			ways.push_back(std::move(rest));
		}
	}
	return ways;
}

Nf::Nf(const std::vector<PlanNode>& first)
{
	const Plan plan = plan_first(first);
	running_ = {first, plan.placement};
	for (std::size_t i = 0; i < first.size(); i++)
		slots_.write(plan.placement[i].slot, program_of(first, plan.placement, static_cast<int>(i)));
	kept_.push_back(running_);
}

PlanInput Nf::input(const std::vector<PlanNode>& target) const
{
	PlanInput input{running_, target, {}, slots_.hashes()};
	for (const PlacedGraph& generation : kept_)
		for (std::size_t i = 0; i < generation.nodes.size(); i++)
			input.kept.emplace(generation.nodes[i].name, generation.placement[i]);
	return input;
}

// A packet that entered before the write stands in any program reachable from
// the old root and goes on over the new slots.
std::vector<Nf::Violation> Nf::in_flight(const Slots& before, const Slots& after, const std::set<std::string>& only_old,
					 const std::set<std::string>& only_new) const
{
	std::vector<Violation> violations;
	const auto mixed = [&](const std::vector<std::string>& way) {
		const auto in = [&](const std::set<std::string>& set) {
			return std::ranges::any_of(way, [&](const std::string& hash) { return set.contains(hash); });
		};
		if (std::ranges::find(way, "miss") != way.end())
			violations.push_back({"a missed tail call"});
		else if (in(only_old) && in(only_new))
			violations.push_back({"a packet met the old and the new generation"});
	};
	// Depth first over positions: `past` is what the packet has met so far.
	struct Position {
		std::vector<std::string> past;
		const Program* program;
	};
	std::vector<Position> stack = {{{}, &before.content().at(0)}};
	while (!stack.empty()) {
		Position position = std::move(stack.back());
		stack.pop_back();
		for (auto& rest : after.ways(*position.program)) {
			rest.insert(rest.begin(), position.past.begin(), position.past.end());
			mixed(rest);
		}
		position.past.push_back(position.program->hash);
		for (const std::uint32_t slot : position.program->out)
			if (const auto next = before.content().find(slot); next != before.content().end())
				stack.push_back({position.past, &next->second});
	}
	for (const auto& way : after.ways(after.content().at(0)))
		mixed(way);
	return violations;
}

std::vector<Nf::Violation> Nf::upgrade(const std::vector<PlanNode>& target, Plan* made)
{
	const Plan plan = plan_upgrade(input(target));
	if (made)
		*made = plan;
	if (plan.flip < 0)
		return {};
	const auto old_hashes = hashes_of(running_.placement), new_hashes = hashes_of(plan.placement);
	const auto only_old = minus(old_hashes, new_hashes), only_new = minus(new_hashes, old_hashes);

	std::vector<Violation> violations;
	const auto step = [&](int node) {
		Slots after = slots_;
		after.write(plan.placement[at(node)].slot, program_of(target, plan.placement, node));
		auto found = in_flight(slots_, after, only_old, only_new);
		violations.insert(violations.end(), found.begin(), found.end());
		slots_ = std::move(after);
	};
	for (const int node : plan.write)
		step(node);
	step(plan.flip);

	// What runs now is the target, program by program.
	for (std::size_t i = 0; i < target.size(); i++) {
		const auto content = slots_.content().find(plan.placement[i].slot);
		if (content == slots_.content().end() || content->second.hash != plan.placement[i].program)
			violations.push_back({"node " + target[i].name + " is not in its slot"});
	}
	running_ = {target, plan.placement};
	kept_.push_back(running_);
	return violations;
}

std::vector<Nf::Violation> Nf::naive_upgrade(const std::vector<PlanNode>& target)
{
	// Same wiring, several nodes changed: each replaced in place, one by one.
	std::vector<Placement> placement = running_.placement;
	for (std::size_t i = 0; i < target.size(); i++)
		placement[i].program = program_hash(target[i], placement);
	const auto only_old = minus(hashes_of(running_.placement), hashes_of(placement));
	const auto only_new = minus(hashes_of(placement), hashes_of(running_.placement));
	std::vector<Violation> violations;
	for (std::size_t i = 0; i < target.size(); i++) {
		if (placement[i].program == running_.placement[i].program)
			continue;
		Slots after = slots_;
		after.write(placement[i].slot, program_of(target, placement, static_cast<int>(i)));
		auto found = in_flight(slots_, after, only_old, only_new);
		violations.insert(violations.end(), found.begin(), found.end());
		slots_ = std::move(after);
	}
	return violations;
}

std::vector<PlanNode> random_graph(std::mt19937& random)
{
	const auto pick = [&](int low, int high) {
		return std::uniform_int_distribution(low, high)(random);
	};
	const int count = pick(2, 10);
	std::vector<int> pool(14), versions;
	for (int i = 0; i < 14; i++)
		pool[at(i)] = i;
	std::ranges::shuffle(pool, random);
	std::vector<PlanNode> graph = {{"root", "", {}}};
	versions.push_back(0);
	for (int i = 1; i < count; i++) {
		graph.push_back({"n" + std::to_string(pool[at(i)]), "", {}});
		versions.push_back(pick(1, 3));
	}
	for (int i = 1; i < count; i++) { // at least one way in, from an earlier node
		const int ways_in = pick(1, 2);
		for (int k = 0; k < ways_in; k++)
			graph[at(pick(0, i - 1))].out.push_back(i);
	}
	name_successors(graph, versions);
	return graph;
}

std::vector<PlanNode> mutate(const std::vector<PlanNode>& graph, std::mt19937& random)
{
	const auto pick = [&](int low, int high) {
		return std::uniform_int_distribution(low, high)(random);
	};
	std::vector<PlanNode> changed = graph;
	std::vector<int> versions;
	for (const PlanNode& node : changed)
		versions.push_back(version_of(node));
	const int last = static_cast<int>(changed.size()) - 1;
	for (int edits = pick(1, 3); edits > 0; edits--) {
		switch (pick(0, 2)) {
		case 0: // another version of a node
			versions[at(pick(1, last))] = pick(4, 1000000);
			break;
		case 1: { // a new node between two
			const int from = pick(0, last);
			PlanNode& before = changed[at(from)];
			const std::string name = "x" + std::to_string(pick(0, 1000000));
			PlanNode fresh{name, "", {}};
			if (!before.out.empty()) {
				int& edge = before.out[at(pick(0, static_cast<int>(before.out.size()) - 1))];
				fresh.out.push_back(edge);
				edge = static_cast<int>(changed.size());
			} else {
				before.out.push_back(static_cast<int>(changed.size()));
			}
			changed.push_back(fresh);
			versions.push_back(1);
			break;
		}
		case 2: { // one more edge, forward in a topological order
			std::vector<std::vector<int>> out;
			for (const PlanNode& node : changed)
				out.push_back(node.out);
			const auto order = topological_order(out);
			const int a = pick(0, static_cast<int>(order.size()) - 2);
			const int b = pick(a + 1, static_cast<int>(order.size()) - 1);
			changed[at(order[at(a)])].out.push_back(order[at(b)]);
			break;
		}
		}
	}
	name_successors(changed, versions);
	return changed;
}

} // namespace nfup::upgrade::model
