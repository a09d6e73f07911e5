// SPDX-License-Identifier: BSD-2-Clause
#include "scratch.h"

#include <algorithm>
#include <atomic>
#include <bpf/bpf.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <thread>
#include <unistd.h>
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
	const std::uint32_t size = type == BPF_MAP_TYPE_RINGBUF ? 0 : 4; // of keys and values
	Fd fd(bpf_map_create(type, name, size, size, entries, nullptr));
	if (!fd)
		return fail_errno(errno, std::string("cannot make the scratch map ") + name,
				  "root is needed, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
	return fd;
}

// Begins with the slot, for drop_unused().
std::string pin_name(const GenerationNode& node)
{
	return std::to_string(node.slot) + "-" + node.program;
}

Result<void> write_slot(const Fd& slots, std::uint32_t slot, int program)
{
	if (bpf_map_update_elem(slots.get(), &slot, &program, BPF_ANY) != 0)
		return fail_errno(errno, "cannot write slot " + std::to_string(slot) + " of the scratch copy");
	return {};
}

} // namespace

Result<loader::SharedArray> Scratch::shared_array(const std::string& name, std::size_t value_size, std::size_t entries,
						  bool& kept)
{
	if (auto found = pins_.find(name))
		if (auto opened = loader::SharedArray::open(*std::move(found), value_size, entries)) {
			kept = true;
			return opened;
		}
	kept = false;
	auto made = loader::SharedArray::make(name.substr(0, name.find('-')), value_size, entries);
	if (made)
		pins_.keep(name, made->fd());
	return made;
}

Result<Scratch> Scratch::make(const Generation& target, DeviceParams devices, ScratchPins pins)
{
	auto slots = pins.find("slots"), ports = pins.find("ports"), trace = pins.find("trace"),
	     counted = pins.find("counters");
	std::optional<loader::SharedArray> counters;
	if (counted)
		if (auto opened =
			loader::SharedArray::open(*std::move(counted), sizeof(node_counters), NFUP_MAX_COUNTERS))
			counters.emplace(std::move(*opened));
	if (!slots || !ports || !trace || !counters) {
		pins.clear();
		auto fresh_counters = loader::SharedArray::make("counters", sizeof(node_counters), NFUP_MAX_COUNTERS);
		if (!fresh_counters)
			return pass(fresh_counters);
		counters.emplace(std::move(*fresh_counters));
		auto fresh_slots = make_map(BPF_MAP_TYPE_PROG_ARRAY, "slots", NFUP_MAX_SLOTS);
		auto fresh_ports = make_map(BPF_MAP_TYPE_DEVMAP, "ports", NFUP_MAX_PORTS);
		auto fresh_trace = make_map(BPF_MAP_TYPE_RINGBUF, "trace", static_cast<std::uint32_t>(getpagesize()));
		for (auto* made : {&fresh_slots, &fresh_ports, &fresh_trace})
			if (!*made)
				return pass(*made);
		slots = std::move(*fresh_slots);
		ports = std::move(*fresh_ports);
		trace = std::move(*fresh_trace);
		pins.keep("slots", slots->get());
		pins.keep("ports", ports->get());
		pins.keep("trace", trace->get());
		pins.keep("counters", counters->fd());
	}
	// Also where it was kept: its devices go with the network namespace they were of.
	for (std::uint32_t port = 0; port < NFUP_MAX_PORTS; port++)
		if (bpf_map_update_elem(ports->get(), &port, &loopback, BPF_ANY) != 0)
			return fail_errno(errno, "cannot fill the scratch map ports");
	Scratch scratch(std::move(*counters), std::move(devices), std::move(pins));
	scratch.slots_ = std::move(*slots);
	scratch.ports_ = std::move(*ports);
	scratch.trace_ = std::move(*trace);
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
	if (selected_ == which)
		return {};
	selected_.reset();
	for (const auto& [slot, program] : which == Which::target ? target_.slots : running_.slots) {
		const std::uint32_t id = loader::program_id(program);
		const auto [there, unknown] = filled_.try_emplace(slot, 0);
		if (unknown) // an earlier check may have filled it
			bpf_map_lookup_elem(slots_.get(), &slot, &there->second);
		if (there->second == id)
			continue;
		if (auto written = write_slot(slots_, slot, program); !written)
			return written;
		there->second = id;
	}
	selected_ = which;
	return {};
}

void Scratch::drop_unused()
{
	// Nobody jumps there. To empty a slot waits for a grace period, to fill it with
	// something that is kept anyway does not.
	const int other = target_.slots.begin()->second;
	for (const std::string& name : pins_.drop_unused()) {
		std::uint32_t slot = 0;
		const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), slot);
		if (error == std::errc() && !target_.slots.contains(slot) && !running_.slots.contains(slot))
			bpf_map_update_elem(slots_.get(), &slot, &other, BPF_ANY);
	}
}

bool Scratch::receives(int port) const
{
	const auto& entries = (selected_ == Which::target ? target_ : running_).entries;
	return at(port) < entries.size() && entries[at(port)] >= 0;
}

Result<Scratch::Maps> Scratch::maps_for(const Generation& generation, const GenerationNode& node)
{
	auto context = contexts_.find(generation.contract);
	if (context == contexts_.end()) {
		auto size = loader::value_size(node.object, "pkt");
		if (!size)
			return pass(size);
		bool kept = false;
		auto array = shared_array("pkt-" + generation.contract, *size, 1, kept);
		if (!array)
			return pass(array);
		context =
		    contexts_.emplace(generation.contract, Kept<loader::SharedArray>{std::move(*array), kept}).first;
	}
	Maps maps{{{"slots", slots_.get()},
		   {"ports", ports_.get()},
		   {"trace", trace_.get()},
		   {"counters", counters_.fd()},
		   {"pkt", context->second.map.fd()}},
		  context->second.kept};
	for (const std::string& atom : node.state) {
		const StateRecord* record = generation.find_state(atom);
		const std::string key = "state-" + atom + (!record ? "" : "-" + record->schema);
		auto state = states_.find(key);
		if (state == states_.end()) {
			auto found = pins_.find(key);
			const bool kept = found.has_value();
			if (!found) {
				auto made = loader::make_scratch_map(node.object, atom);
				if (!made)
					return pass(made);
				found = std::move(*made);
				pins_.keep(key, found->get());
			}
			state = states_.emplace(key, Kept<Fd>{*std::move(found), kept}).first;
		}
		maps.fds[atom] = state->second.map.get();
		maps.kept &= state->second.kept;
	}
	return maps;
}

// Several at a time: most of it is the kernel's verifier and JIT, on one core each.
Result<void> Scratch::load_programs(const Generation& generation, const std::vector<const GenerationNode*>& missing)
{
	std::vector<loader::NodeProgram> programs;
	std::vector<const GenerationNode*> nodes;
	for (const GenerationNode* node : missing) {
		auto maps = maps_for(generation, *node);
		if (!maps)
			return pass(maps);
		if (maps->kept)
			if (auto found = pins_.find(pin_name(*node))) {
				programs_.emplace(node->program, *std::move(found));
				continue;
			}
		programs.push_back(node_program(*node, generation, maps->fds));
		nodes.push_back(node);
	}
	loaded_ += static_cast<int>(programs.size());
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
		pins_.keep(pin_name(*nodes[i]), loaded[i]->get());
		programs_.emplace(nodes[i]->program, std::move(*loaded[i]));
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
		graph.nodes.push_back({node.name, program, node.counter, ports_of(node), !node.state.empty()});
		counters_used_ = std::max(counters_used_, (node.counter + 1) * sizeof(node_counters));
		if (i > 0)
			graph.slots[node.slot] = program;
	}
	return graph;
}

Result<Trip> Scratch::run(int port, const packet::Bytes& frame)
{
	const Graph& graph = selected_ == Which::target ? target_ : running_;
	const std::span<std::byte> memory = counters_.bytes().first(counters_used_);
	std::ranges::fill(memory, std::byte{0});
	for (auto& [contract, context] : contexts_) // no packet sees what another left there
		std::ranges::fill(context.map.bytes(), std::byte{0});
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
		std::memcpy(&counted, memory.data() + node.counter * sizeof counted, sizeof counted);
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
		if (auto emptied = loader::empty_map(map.map.get()); !emptied)
			return emptied;
	return {};
}

} // namespace nfup::upgrade
