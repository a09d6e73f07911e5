// SPDX-License-Identifier: BSD-2-Clause
#include "scratch.h"

#include <algorithm>
#include <atomic>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "dominators.h"
#include "draft.h"
#include "loader/program.h"
#include "loader/test_run.h"

namespace nfup::upgrade {

namespace {

// In every network namespace. Nothing is sent to it.
constexpr std::uint32_t loopback = 1;

std::size_t at(int index)
{
	return static_cast<std::size_t>(index);
}

Result<Fd> make_map(bpf_map_type type, const char* name, std::uint32_t entries)
{
	Fd fd(bpf_map_create(type, name, 4, 4, entries, nullptr));
	if (!fd)
		return fail_errno(errno, std::string("cannot make the scratch map ") + name,
				  "root is needed, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
	return fd;
}

Result<void> write_slot(const Fd& slots, std::uint32_t slot, int program)
{
	if (bpf_map_update_elem(slots.get(), &slot, &program, BPF_ANY) != 0)
		return fail_errno(errno, "cannot write slot " + std::to_string(slot) + " of the scratch copy");
	return {};
}

} // namespace

Result<Scratch> Scratch::make(const Generation& target, DeviceParams devices)
{
	auto counters = loader::SharedArray::make("counters", sizeof(node_counters), NFUP_MAX_COUNTERS);
	if (!counters)
		return pass(counters);
	Scratch scratch(std::move(*counters), std::move(devices));
	auto slots = make_map(BPF_MAP_TYPE_PROG_ARRAY, "slots", NFUP_MAX_SLOTS);
	auto ports = make_map(BPF_MAP_TYPE_DEVMAP, "ports", NFUP_MAX_PORTS);
	if (!slots || !ports)
		return pass(!slots ? slots : ports);
	scratch.slots_ = std::move(*slots);
	scratch.ports_ = std::move(*ports);
	for (std::uint32_t port = 0; port < NFUP_MAX_PORTS; port++)
		if (bpf_map_update_elem(scratch.ports_.get(), &port, &loopback, BPF_ANY) != 0)
			return fail_errno(errno, "cannot fill the scratch map ports");
	auto graph = scratch.load(target);
	if (!graph)
		return pass(graph);
	scratch.target_ = std::move(*graph);
	if (auto selected = scratch.select(Which::target); !selected)
		return pass(selected);
	return scratch;
}

Result<void> Scratch::add_running(const Generation& running)
{
	auto graph = load(running);
	if (!graph)
		return pass(graph);
	running_ = std::move(*graph);
	return {};
}

Result<void> Scratch::select(Which which)
{
	which_ = which;
	for (const auto& [slot, program] : which == Which::target ? target_.slots : running_.slots) {
		const auto there = filled_.find(slot);
		if (there != filled_.end() && there->second == program)
			continue;
		if (auto written = write_slot(slots_, slot, program); !written)
			return written;
		filled_[slot] = program;
	}
	return {};
}

bool Scratch::receives(int port) const
{
	const auto& entries = (which_ == Which::target ? target_ : running_).entries;
	return at(port) < entries.size() && entries[at(port)] >= 0;
}

Result<Scratch::Maps> Scratch::maps_for(const Generation& generation, const GenerationNode& node)
{
	auto context = contexts_.find(generation.contract);
	if (context == contexts_.end()) {
		const auto size = loader::value_size(node.object, "pkt");
		auto made = size ? loader::SharedArray::make("pkt", *size, 1)
				 : Result<loader::SharedArray>(std::unexpected(size.error()));
		if (!made)
			return pass(made);
		context = contexts_.emplace(generation.contract, std::move(*made)).first;
	}
	Maps maps{{"slots", slots_.get()},
		  {"ports", ports_.get()},
		  {"counters", counters_.fd()},
		  {"pkt", context->second.fd()}};
	for (const std::string& atom : node.state) {
		const auto record = std::ranges::find(generation.state, atom, &StateRecord::atom);
		const std::string key = atom + (record == generation.state.end() ? "" : " " + record->schema);
		if (!states_.contains(key)) {
			auto made = loader::make_scratch_map(node.object, atom);
			if (!made)
				return pass(made);
			states_.emplace(key, std::move(*made));
		}
		maps[atom] = states_.at(key).get();
	}
	return maps;
}

// Several at a time: most of it is the kernel's verifier and JIT, on one core each.
Result<void> Scratch::load_programs(const Generation& generation, const std::vector<const GenerationNode*>& missing)
{
	std::vector<loader::NodeProgram> programs;
	for (const GenerationNode* node : missing) {
		auto maps = maps_for(generation, *node);
		if (!maps)
			return pass(maps);
		programs.push_back(node_program(*node, generation, *maps));
		const auto fresh = static_cast<std::uint32_t>(counter_of_.size());
		const std::uint32_t counter = counter_of_.emplace(node->name, fresh).first->second;
		if (counter >= NFUP_MAX_COUNTERS)
			return fail(ErrorKind::refused, "more nodes than a scratch copy has counters for");
		programs.back().constants.push_back({"nfup_node", loader::bytes_of(counter)});
	}
	std::vector<Result<Fd>> loaded(programs.size());
	std::atomic<std::size_t> next = 0;
	const auto work = [&] {
		for (std::size_t i = next++; i < programs.size(); i = next++)
			loaded[i] = loader::load_program(programs[i]);
	};
	{
		const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
		std::vector<std::jthread> helpers;
		for (std::size_t i = 1; i < std::min(cores, programs.size()); i++)
			helpers.emplace_back(work);
		work();
	}
	for (std::size_t i = 0; i < loaded.size(); i++) {
		if (!loaded[i])
			return pass(loaded[i]);
		programs_.emplace(missing[i]->program, std::move(*loaded[i]));
	}
	return {};
}

std::vector<int> Scratch::ports_of(const GenerationNode& node) const
{
	const auto known = devices_.find(node.cls);
	const std::vector<std::string> names =
	    known == devices_.end() ? std::vector<std::string>{"DEVICE"} : known->second;
	std::vector<int> ports;
	for (const loader::Constant& constant : node.constants) {
		std::uint32_t port = 0;
		if (std::ranges::find(names, constant.variable) == names.end() || constant.bytes.size() != sizeof port)
			continue;
		std::memcpy(&port, constant.bytes.data(), sizeof port);
		ports.push_back(static_cast<int>(port));
	}
	return ports;
}

Result<Scratch::Graph> Scratch::load(const Generation& generation)
{
	std::vector<const GenerationNode*> missing;
	std::vector<std::vector<int>> edges;
	for (std::size_t i = 0; i < generation.nodes.size(); i++) {
		edges.push_back(generation.nodes[i].out);
		if (i > 0 && !programs_.contains(generation.nodes[i].program))
			missing.push_back(&generation.nodes[i]);
	}
	if (auto loaded = load_programs(generation, missing); !loaded)
		return pass(loaded);
	Graph graph;
	graph.order = topological_order(edges);
	graph.entries = generation.nodes.front().out;
	for (std::size_t i = 0; i < generation.nodes.size(); i++) {
		const GenerationNode& node = generation.nodes[i];
		const int program = i == 0 ? -1 : programs_.at(node.program).get();
		graph.nodes.push_back({node.name, program, ports_of(node), !node.state.empty()});
		if (i > 0)
			graph.slots[node.slot] = program;
	}
	return graph;
}

Result<Trip> Scratch::run(int port, const packet::Bytes& frame)
{
	const Graph& graph = which_ == Which::target ? target_ : running_;
	const std::span<std::byte> memory = counters_.bytes().first(counter_of_.size() * sizeof(node_counters));
	std::ranges::fill(memory, std::byte{0});
	for (auto& [contract, context] : contexts_) // no packet sees what another left there
		std::ranges::fill(context.bytes(), std::byte{0});
	auto ran = loader::test_run(graph.nodes[at(graph.entries[at(port)])].program, frame);
	if (!ran)
		return pass(ran);

	Trip trip{ran->verdict, {}, {}, {}, std::move(ran->frame)};
	const Node* last = nullptr;
	for (const int index : graph.order) {
		const Node& node = graph.nodes[at(index)];
		if (node.program < 0)
			continue;
		node_counters counted;
		std::memcpy(&counted, memory.data() + counter_of_.at(node.name) * sizeof counted, sizeof counted);
		if (counted.packets == 0)
			continue;
		trip.path.push_back(node.name);
		last = &node;
		dirty_ |= node.atom;
		for (int reason = 0; reason < NFUP_DROP_COUNT; reason++)
			if (counted.drops[reason])
				trip.reason = static_cast<drop_reason>(reason);
	}
	if (trip.verdict == XDP_REDIRECT && last)
		trip.ports = last->ports;
	if (trip.verdict == XDP_TX)
		trip.ports = {port};
	return trip;
}

Result<void> Scratch::forget()
{
	if (!std::exchange(dirty_, false))
		return {};
	for (const auto& [key, map] : states_)
		if (auto emptied = loader::empty_map(map.get()); !emptied)
			return emptied;
	return {};
}

} // namespace nfup::upgrade
