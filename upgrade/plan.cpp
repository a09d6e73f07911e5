// SPDX-License-Identifier: BSD-2-Clause
#include "plan.h"

#include <algorithm>

#include "bpf/contract.h"
#include "dominators.h"
#include "intent/hash.h"

namespace nfup::upgrade {

namespace {

std::size_t at(int index)
{
	return static_cast<std::size_t>(index);
}

std::vector<std::vector<int>> edges_of(const std::vector<PlanNode>& nodes)
{
	std::vector<std::vector<int>> out;
	for (const PlanNode& node : nodes)
		out.push_back(node.out);
	return out;
}

std::map<std::string, int> index_of(const std::vector<PlanNode>& nodes)
{
	std::map<std::string, int> index;
	for (std::size_t i = 0; i < nodes.size(); i++)
		index.emplace(nodes[i].name, static_cast<int>(i));
	return index;
}

// The nodes of `from` that `other` does not have, or has otherwise.
std::vector<int> different(const std::vector<PlanNode>& from, const std::vector<PlanNode>& other)
{
	const auto others = index_of(other);
	std::vector<int> changed;
	for (std::size_t i = 0; i < from.size(); i++) {
		const auto twin = others.find(from[i].name);
		if (twin == others.end() || other[at(twin->second)].identity != from[i].identity)
			changed.push_back(static_cast<int>(i));
	}
	return changed;
}

// The nearest node of the new graph that dominates every change in both graphs.
int find_flip(const PlanInput& input, const std::vector<int>& changed_new, const std::vector<int>& changed_old)
{
	const Dominators new_tree(edges_of(input.target)), old_tree(edges_of(input.running.nodes));
	const auto old_index = index_of(input.running.nodes);

	int candidate = changed_new.empty() ? 0 : changed_new.front();
	for (const int node : changed_new)
		candidate = new_tree.common(candidate, node);
	const auto serves = [&](int node) {
		const auto twin = old_index.find(input.target[at(node)].name);
		return twin != old_index.end() && std::ranges::all_of(changed_old, [&](int changed) {
			       return old_tree.dominates(twin->second, changed);
		       });
	};
	while (candidate != 0 && !serves(candidate))
		candidate = new_tree.parent(candidate);
	return candidate;
}

// Nodes on a path from `flip` to a change, both ends included.
std::vector<bool> region(const std::vector<PlanNode>& nodes, const std::vector<int>& order, int flip,
			 const std::vector<int>& changed)
{
	std::vector<bool> below(nodes.size()), leads(nodes.size());
	below[at(flip)] = true;
	for (const int node : order)
		for (const int to : nodes[at(node)].out)
			if (to >= 0 && below[at(node)])
				below[at(to)] = true;
	for (const int node : changed)
		leads[at(node)] = true;
	for (auto node = order.rbegin(); node != order.rend(); ++node)
		for (const int to : nodes[at(*node)].out)
			if (to >= 0 && leads[at(to)])
				leads[at(*node)] = true;
	std::vector<bool> both(nodes.size());
	for (std::size_t i = 0; i < nodes.size(); i++)
		both[i] = below[i] && leads[i];
	both[at(flip)] = true;
	return both;
}

class FreeSlots {
public:
	explicit FreeSlots(const std::map<std::uint32_t, std::string>& used) : used_(used) {}
	std::uint32_t take()
	{
		while (next_ < NFUP_HOST_SLOTS && used_.contains(next_))
			next_++;
		return next_++;
	}

private:
	const std::map<std::uint32_t, std::string>& used_;
	std::uint32_t next_ = NFUP_ROOT_SLOT + 1;
};

std::string reason(const PlanInput& input, const PlanNode& node)
{
	for (const PlanNode& old : input.running.nodes) {
		if (old.name != node.name)
			continue;
		std::vector<std::string> before, after;
		for (const int to : old.out)
			before.push_back(to < 0 ? "" : input.running.nodes[at(to)].name);
		for (const int to : node.out)
			after.push_back(to < 0 ? "" : input.target[at(to)].name);
		return before != after ? "wiring" : "code, arguments or state";
	}
	return "new";
}

} // namespace

std::string program_hash(const PlanNode& node, const std::vector<Placement>& placement)
{
	Hasher hasher;
	hasher.add(node.identity);
	for (const int to : node.out)
		hasher.add(to < 0 ? NFUP_NO_SLOT : placement[at(to)].slot);
	return hasher.hex();
}

Plan plan_first(const std::vector<PlanNode>& target)
{
	Plan plan;
	plan.placement.resize(target.size());
	for (std::size_t i = 0; i < target.size(); i++) {
		plan.placement[i].slot = NFUP_ROOT_SLOT + static_cast<std::uint32_t>(i);
		plan.load.insert(static_cast<int>(i));
		if (i == 0)
			continue;
		plan.write.insert(static_cast<int>(i));
		plan.changed.push_back(target[i].name);
		plan.why[target[i].name] = "new";
	}
	for (std::size_t i = 0; i < target.size(); i++)
		plan.placement[i].program = program_hash(target[i], plan.placement);
	plan.flip = 0;
	return plan;
}

Plan plan_upgrade(const PlanInput& input)
{
	const auto& target = input.target;
	const auto& running = input.running;
	const auto changed_new = different(target, running.nodes);
	const auto changed_old = different(running.nodes, target);
	const auto running_index = index_of(running.nodes), target_index = index_of(target);

	Plan plan;
	plan.placement.resize(target.size());
	for (const PlanNode& node : running.nodes)
		if (!target_index.contains(node.name))
			plan.removed.push_back(node.name);
	const bool same = changed_new.empty() && changed_old.empty();
	const int flip = same ? 0 : find_flip(input, changed_new, changed_old);
	const auto order = topological_order(edges_of(target));
	const auto inside = same ? std::vector<bool>(target.size()) : region(target, order, flip, changed_new);

	std::set<std::string> loaded; // programs that exist already
	for (const auto& [name, placement] : input.kept)
		loaded.insert(placement.program);
	for (const Placement& placement : running.placement)
		loaded.insert(placement.program);

	FreeSlots free(input.slots);
	for (auto it = order.rbegin(); it != order.rend(); ++it) { // successors first: their slots are known
		const int node = *it;
		Placement& own = plan.placement[at(node)];
		if (!inside[at(node)]) {
			own = running.placement[at(running_index.at(target[at(node)].name))];
			continue;
		}
		own.program = program_hash(target[at(node)], plan.placement);
		if (!loaded.contains(own.program))
			plan.load.insert(node);
		if (node == flip) {
			own.slot = running.placement[at(running_index.at(target[at(node)].name))].slot;
			continue;
		}
		// A kept generation's program still in its slot: on a rollback nothing is
		// loaded and nothing but the flip is written.
		const auto [first, last] = input.kept.equal_range(target[at(node)].name);
		const auto there = std::find_if(first, last, [&](const auto& kept) {
			const auto content = input.slots.find(kept.second.slot);
			return kept.second.program == own.program && content != input.slots.end() &&
			       content->second == own.program;
		});
		if (there != last) {
			own.slot = there->second.slot;
			continue;
		}
		own.slot = free.take();
		plan.write.insert(node);
	}
	if (!same)
		plan.flip = flip;

	const std::set<int> changes(changed_new.begin(), changed_new.end());
	for (std::size_t i = 1; i < target.size(); i++) {
		const int node = static_cast<int>(i);
		if (changes.contains(node)) {
			plan.changed.push_back(target[i].name);
			plan.why[target[i].name] = reason(input, target[i]);
		} else if (!plan.load.contains(node)) {
			plan.shared.push_back(target[i].name);
		}
	}
	return plan;
}

} // namespace nfup::upgrade
