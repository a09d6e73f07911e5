// SPDX-License-Identifier: BSD-2-Clause
#include "draft.h"

#include <algorithm>
#include <set>

#include "statemaps/queue.h"

namespace nfup::upgrade {

std::vector<std::string> labels_of(const std::vector<Port>& ports)
{
	std::vector<std::string> labels;
	for (const Port& port : ports)
		labels.push_back(port.label);
	return labels;
}

Result<Generation> draft_of(const Build& build, int number, const std::map<int, Generation>& kept,
			    const std::vector<StateRecord>& state, const std::vector<Port>& ports)
{
	Generation draft;
	draft.number = number;
	draft.created = now_utc();
	draft.intent_file = build.file;
	draft.intent = build.text;
	draft.contract = build.contract;
	draft.state = state;
	draft.ports = ports;
	for (const auto& [cls, object] : build.settling)
		draft.settling.emplace(cls, object);

	std::map<std::string, std::uint32_t> counters, map_ids;
	std::set<std::uint32_t> used = {0}; // ingress
	for (const auto& [old, generation] : kept)
		for (const GenerationNode& node : generation.nodes) {
			counters[node.name] = node.counter;
			used.insert(node.counter);
		}
	for (const StateRecord& record : state)
		map_ids[record.atom] = record.map_id;

	std::uint32_t next = 0;
	for (const BuiltNode& built : build.nodes) {
		GenerationNode node;
		node.name = built.name;
		node.cls = built.cls;
		node.args = built.args;
		node.object = built.object;
		node.constants = built.constants;
		node.state = built.state;
		node.out = built.out;
		if (built.cls == "root") {
			std::vector<std::uint32_t> ifindexes(NFUP_MAX_OUTPUTS);
			for (std::size_t i = 0; i < ports.size(); i++)
				if (i < built.out.size() && built.out[i] >= 0)
					ifindexes[i] = static_cast<std::uint32_t>(ports[i].ifindex);
			const auto* bytes = reinterpret_cast<const std::uint8_t*>(ifindexes.data());
			node.constants.push_back(
			    {"nfup_ifindex", {bytes, bytes + ifindexes.size() * sizeof ifindexes[0]}});
			node.constants.push_back(
			    {"nfup_ports", loader::bytes_of(static_cast<std::uint32_t>(ports.size()))});
		}
		if (const auto known = counters.find(node.name); known != counters.end()) {
			node.counter = known->second;
		} else {
			while (used.contains(next))
				next++;
			if (next >= NFUP_MAX_COUNTERS)
				return fail(ErrorKind::refused,
					    "more than " + std::to_string(NFUP_MAX_COUNTERS - 1) +
						" node names in the kept generations",
					    "keep fewer generations: --keep N");
			node.counter = next;
			used.insert(next);
		}
		BuiltNode configured = built;
		configured.constants = node.constants;
		node.identity = identity(configured, build, map_ids, node.counter);
		draft.nodes.push_back(std::move(node));
	}
	return draft;
}

Result<void> clear_new_counters(const Generation& draft, const std::map<int, Generation>& kept,
				const Framework& framework)
{
	std::set<std::string> known;
	for (const auto& [number, generation] : kept)
		for (const GenerationNode& node : generation.nodes)
			known.insert(node.name);
	for (const GenerationNode& node : draft.nodes)
		if (!known.contains(node.name))
			if (auto cleared = framework.clear_counter(node.counter); !cleared)
				return cleared;
	return {};
}

std::map<std::string, int> map_fds(const Framework& framework, const Fd& context,
				   const std::map<std::string, Fd>& state)
{
	std::map<std::string, int> fds = {{"slots", framework.slots()}, {"counters", framework.counters()}};
	if (framework.ports() >= 0)
		fds["ports"] = framework.ports();
	if (framework.trace() >= 0)
		fds["trace"] = framework.trace();
	if (context)
		fds["pkt"] = context.get();
	for (const auto& [name, fd] : state)
		fds[name] = fd.get();
	return fds;
}

loader::NodeProgram node_program(const GenerationNode& node, const Generation& generation,
				 const std::map<std::string, int>& maps)
{
	loader::NodeProgram program{node.object, node.cls, node.name, node.constants, maps};
	std::vector<std::uint32_t> slots;
	for (const int to : node.out)
		slots.push_back(to < 0 ? NFUP_NO_SLOT : generation.nodes[static_cast<std::size_t>(to)].slot);
	slots.resize(NFUP_MAX_OUTPUTS, NFUP_NO_SLOT);
	const auto* bytes = reinterpret_cast<const std::uint8_t*>(slots.data());
	program.constants.push_back({"nfup_out", {bytes, bytes + slots.size() * sizeof slots[0]}});
	program.constants.push_back({"nfup_node", loader::bytes_of(node.counter)});
	if (std::ranges::find(generation.plain, node.name, &PlainNode::node) == generation.plain.end())
		return program;
	for (const std::string& atom : node.state) {
		if (statemaps::is_queue(atom))
			continue;
		const bool moves =
		    std::ranges::find(generation.migrations, atom, &Migration::atom) != generation.migrations.end();
		program.constants.push_back({atom + "__migrating", loader::bytes_of(std::uint8_t{moves})});
	}
	return program;
}

void describe_build(const Build& build, Outcome& outcome)
{
	outcome.compiled = build.compiled;
	outcome.reused = build.reused;
	outcome.build_ms = build.build_ms;
}

void describe_ports(const PortPlan& plan, Outcome& outcome)
{
	for (std::size_t i = 0; i < plan.ports.size(); i++)
		if (!plan.ports[i].label.empty())
			outcome.ports.push_back({plan.ports[i].label, plan.ports[i].ifname,
						 plan.add.contains(static_cast<int>(i)) ? "add" : "keep"});
	for (const auto& [index, port] : plan.remove)
		outcome.ports.push_back({port.label, port.ifname, "remove"});
}

void describe_plan(const Plan& plan, const Generation& draft, Outcome& outcome)
{
	outcome.generation = outcome.running = draft.number;
	outcome.changed = plan.changed;
	outcome.shared = plan.shared;
	outcome.removed = plan.removed;
	outcome.why = plan.why;
	if (plan.flip >= 0) {
		outcome.flip_slot = plan.placement[static_cast<std::size_t>(plan.flip)].slot;
		outcome.flip_node = draft.nodes[static_cast<std::size_t>(plan.flip)].name;
	}
}

std::vector<std::uint32_t> fresh_slots(const Plan& plan)
{
	std::vector<std::uint32_t> slots;
	for (const int node : plan.write)
		slots.push_back(plan.placement[static_cast<std::size_t>(node)].slot);
	return slots;
}

} // namespace nfup::upgrade
