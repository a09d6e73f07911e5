// SPDX-License-Identifier: BSD-2-Clause
#include "swap.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <linux/membarrier.h>
#include <ranges>
#include <set>
#include <sys/syscall.h>

#include "clock.h"
#include "draft.h"
#include "hosting.h"
#include "loader/bpffs.h"
#include "loader/program.h"
#include "ports.h"

namespace nfup::upgrade {

namespace {

std::set<std::uint32_t> slots_of(const std::map<int, Generation>& kept)
{
	std::set<std::uint32_t> slots;
	for (const auto& [number, generation] : kept)
		for (const GenerationNode& node : generation.nodes)
			slots.insert(node.slot);
	return slots;
}

Result<void> clear_slots(const Framework& framework, const std::set<std::uint32_t>& slots,
			 const std::set<std::uint32_t>& but)
{
	for (const std::uint32_t slot : slots)
		if (!but.contains(slot))
			if (auto cleared = framework.clear_slot(slot); !cleared)
				return cleared;
	return {};
}

std::string program_of(const std::map<int, Generation>& kept, std::uint32_t prog_id)
{
	for (const auto& [number, generation] : kept)
		for (const GenerationNode& node : generation.nodes)
			if (node.prog_id == prog_id)
				return node.program;
	return "not ours";
}

} // namespace

Result<std::map<int, Generation>> read_generations(const Store& store)
{
	std::map<int, Generation> kept;
	for (const int number : store.generations()) {
		auto generation = store.read_generation(number);
		if (!generation)
			return pass(generation);
		kept.emplace(number, std::move(*generation));
	}
	return kept;
}

Result<Plan> place(Generation& draft, const Framework& framework, const std::map<int, Generation>& kept, int running)
{
	PlanInput input;
	input.target = draft.placed().nodes;
	Plan plan;
	if (running == 0) {
		plan = plan_first(input.target);
	} else {
		input.running = kept.at(running).placed();
		for (const auto& [number, generation] : kept)
			for (const GenerationNode& node : generation.nodes)
				input.kept.emplace(node.name, Placement{node.slot, node.program});
		for (const std::uint32_t slot : slots_of(kept)) {
			auto id = framework.read_slot(slot);
			if (!id)
				return pass(id);
			input.slots.emplace(slot, program_of(kept, *id));
		}
		plan = plan_upgrade(input);
	}
	for (std::size_t i = 0; i < draft.nodes.size(); i++) {
		draft.nodes[i].slot = plan.placement[i].slot;
		draft.nodes[i].program = plan.placement[i].program;
		if (plan.placement[i].slot >= NFUP_HOST_SLOTS)
			return fail(ErrorKind::refused, "no free slot for node " + draft.nodes[i].name,
				    "keep fewer generations: --keep N");
	}
	return plan;
}

Result<std::optional<Fd>> Swap::find_program(const std::string& program) const
{
	for (const auto& [number, generation] : kept_)
		for (const GenerationNode& node : generation.nodes)
			if (node.program == program) {
				auto pinned =
				    loader::find_pin(store_.generation_pins(number) / loader::pin_name(node.name));
				if (!pinned)
					return pass(pinned);
				// A generation whose reclaim was cut off has lost some; others may have it.
				if (*pinned)
					return std::move(*pinned);
			}
	return std::optional<Fd>();
}

Result<void> Swap::prepare(Generation& draft, const Plan& plan, const std::map<std::string, int>& maps,
			   Outcome& outcome)
{
	const auto start = Clock::now();
	const auto pins = store_.draft_pins(draft.number);
	if (auto removed = loader::remove_pins(pins); !removed)
		return removed;
	if (auto made = loader::make_pin_folder(pins); !made)
		return made;
	for (std::string* object : draft.objects()) {
		auto own = store_.keep_object(*object);
		if (!own)
			return pass(own);
		*object = *own;
	}
	for (std::size_t i = 0; i < draft.nodes.size(); i++) {
		GenerationNode& node = draft.nodes[i];
		const int index = static_cast<int>(i);
		std::optional<Fd> program;
		if (!plan.load.contains(index)) {
			auto found = find_program(node.program);
			if (!found)
				return pass(found);
			program = std::move(*found);
		}
		if (!program) {
			auto loaded = loader::load_program(node_program(node, draft, maps));
			if (!loaded)
				return pass(loaded);
			program = std::move(*loaded);
			outcome.loaded.push_back(node.name);
		}
		node.prog_id = loader::program_id(program->get());
		if (node.prog_id == 0)
			return fail(ErrorKind::system, "cannot tell the id of the program of node " + node.name);
		if (auto pinned = loader::pin(program->get(), pins / loader::pin_name(node.name)); !pinned)
			return pinned;
		if (plan.write.contains(index)) {
			if (auto written = framework_.write_slot(node.slot, program->get()); !written)
				return written;
			outcome.slots_written++;
		}
		if (index == plan.flip)
			flip_program_ = std::move(*program);
	}
	outcome.load_ms = ms_since(start);
	return store_.write_draft(draft);
}

Result<void> Swap::flip(const Plan& plan, Outcome& outcome) const
{
	const auto start = Clock::now();
	const std::uint32_t slot = plan.placement[static_cast<std::size_t>(plan.flip)].slot;
	if (auto written = framework_.write_slot(slot, flip_program_.get()); !written)
		return written;
	outcome.flip_us = ms_since(start) * 1000;
	outcome.flipped_at = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
	outcome.slots_written++;
	const auto flipped = Clock::now();
	if (auto drained = drain(); !drained)
		return drained;
	outcome.drain_ms = ms_since(flipped);
	return {};
}

Result<void> drain()
{
	// XDP runs inside an RCU read-side section; this waits for all that have begun.
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0)
		return {};
	// Refused where CPUs run without a tick (nohz_full). Updating a map of maps
	// waits for a grace period too (since Linux 4.20: its users rely on it).
	LIBBPF_OPTS(bpf_map_create_opts, options);
	const Fd inner(bpf_map_create(BPF_MAP_TYPE_ARRAY, "drain", 4, 4, 1, &options));
	LIBBPF_OPTS(bpf_map_create_opts, outer_options, .inner_map_fd = static_cast<__u32>(inner.get()));
	const Fd outer(bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "drain", 4, 4, 1, &outer_options));
	const std::uint32_t zero = 0;
	const int fd = inner.get();
	if (!inner || !outer || bpf_map_update_elem(outer.get(), &zero, &fd, BPF_ANY) != 0)
		return fail_errno(errno, "cannot wait for a grace period");
	return {};
}

Result<void> commit(const Store& store, const Framework& framework, const Journal& journal)
{
	if (auto dropped = drop_ports(store, framework, journal.remove); !dropped)
		return dropped;
	if (auto committed = store.commit_draft(journal.to); !committed)
		return committed;
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	// A repeated commit must not write the history twice.
	const bool first = record->current != journal.to;
	record->current = journal.to;
	auto generation = store.read_generation(journal.to);
	if (!generation)
		return pass(generation);
	if (!generation->ports.empty())
		record->ports = generation->ports;
	record->last = std::max(record->last, journal.to);
	if (first)
		if (auto appended = store.append_history(journal.history); !appended)
			return appended;
	if (auto written = store.write_nf(*record); !written)
		return written;
	if (!generation->migrations.empty()) // they go on: migration.h
		return store.write_journal({.operation = "migrate", .to = journal.to, .step = "sweep"});
	return store.clear_journal();
}

Result<void> undo(const Store& store, const Framework& framework, const Journal& journal)
{
	if (auto dropped = drop_ports(store, framework, journal.add); !dropped)
		return dropped;
	if (auto removed = store.remove_draft(journal.to); !removed)
		return removed;
	auto kept = read_generations(store);
	if (!kept)
		return pass(kept);
	const std::set<std::uint32_t> fresh(journal.fresh.begin(), journal.fresh.end());
	if (auto cleared = clear_slots(framework, fresh, slots_of(*kept)); !cleared)
		return cleared;
	return store.clear_journal();
}

Result<void> go_back(const Store& store, const Framework& framework, Journal journal)
{
	auto old = store.read_generation(journal.from);
	if (!old)
		return pass(old);
	const auto node = std::ranges::find(old->nodes, journal.flip_slot, &GenerationNode::slot);
	if (node == old->nodes.end())
		return fail(ErrorKind::system, "the record of generation " + std::to_string(journal.from) +
						   " has nothing in slot " + std::to_string(journal.flip_slot));
	auto program = loader::open_pin(store.generation_pins(journal.from) / loader::pin_name(node->name));
	if (!program)
		return pass(program);
	journal.step = "back";
	// Where that cannot be written the journal still says `watch`, and the next
	// command comes here as well.
	const auto written = store.write_journal(journal);
	// New devices first: the old generation does not know them.
	if (auto dropped = drop_ports(store, framework, journal.add); !dropped)
		return dropped;
	auto flipped = framework.write_slot(journal.flip_slot, program->get());
	for (int tries = 2; !flipped && tries > 0; tries--)
		flipped = framework.write_slot(journal.flip_slot, program->get());
	if (!flipped)
		return flipped;
	if (auto drained = drain(); !drained)
		return drained;
	if (!written)
		return written;
	auto entries = store.read_history();
	if (!entries)
		return pass(entries);
	if (entries->empty() || entries->back() != journal.history)
		if (auto appended = store.append_history(journal.history); !appended)
			return appended;
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	record->last = std::max(record->last, journal.to); // history names it: nobody else gets the number
	if (auto numbered = store.write_nf(*record); !numbered)
		return numbered;
	return undo(store, framework, journal);
}

nlohmann::json gone_back(nlohmann::json history, const std::string& reason)
{
	history["result"] = "rolled-back";
	history["reason"] = reason;
	return history;
}

Result<void> reclaim(const Store& store, const Framework& framework, int keep, int previous)
{
	auto record = store.read_nf();
	auto kept = read_generations(store);
	if (!record)
		return pass(record);
	if (!kept)
		return pass(kept);
	std::vector<int> others; // the one to go back to first, then by age
	for (const auto& [number, generation] : *kept | std::views::reverse)
		if (number != record->current)
			others.insert(number == previous ? others.begin() : others.end(), number);
	std::map<int, Generation> old;
	for (const int number : others | std::views::drop(keep))
		old.insert(kept->extract(number));
	// Slots first: a generation whose record is gone could not name them.
	if (auto cleared = clear_slots(framework, slots_of(old), slots_of(*kept)); !cleared)
		return cleared;
	for (const auto& [number, generation] : old)
		if (auto removed = store.remove_generation(number); !removed)
			return removed;
	store.drop_objects(*kept);
	return {};
}

Result<void> remove_pins_of(const Store& store)
{
	if (auto left = leave_devices(store); !left)
		return left;
	return loader::remove_pins(store.pins());
}

Result<void> remove_all(const Store& store)
{
	if (auto removed = remove_pins_of(store); !removed)
		return removed;
	return store.remove_records();
}

nlohmann::json history_entry(const Outcome& outcome, const std::string& action, int from)
{
	nlohmann::json flip_slot;
	if (outcome.flip_slot)
		flip_slot = *outcome.flip_slot;
	nlohmann::json entry = {{"generation", outcome.generation},
				{"action", action},
				{"from", from},
				{"at", now_utc()},
				{"result", outcome.result},
				{"reason", outcome.reason},
				{"changed", outcome.changed},
				{"removed", outcome.removed},
				{"shared", outcome.shared.size()},
				{"flip_slot", flip_slot},
				{"slots_written", outcome.slots_written},
				{"build_ms", outcome.build_ms},
				{"load_ms", outcome.load_ms},
				{"state_ms", outcome.state_ms},
				{"flip_us", outcome.flip_us},
				{"drain_ms", outcome.drain_ms},
				{"total_ms", outcome.total_ms}};
	nlohmann::json ports;
	for (const PortChange& port : outcome.ports)
		ports.push_back({{"label", port.label}, {"ifname", port.ifname}, {"action", port.action}});
	if (!ports.is_null())
		entry["ports"] = ports;
	if (outcome.watch)
		entry["watch"] = to_json(*outcome.watch);
	return entry;
}

} // namespace nfup::upgrade
