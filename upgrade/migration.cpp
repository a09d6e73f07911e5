// SPDX-License-Identifier: BSD-2-Clause
#include "migration.h"

#include <algorithm>

#include "clock.h"
#include "draft.h"
#include "loader/bpffs.h"
#include "loader/program.h"
#include "statemaps/queue.h"
#include "swap.h"
#include "sweeper.h"

namespace nfup::upgrade {

Generation as_plain(Generation generation)
{
	const PlacedGraph placed = generation.placed();
	for (const PlainNode& plain : generation.plain) {
		const auto node = std::ranges::find(generation.nodes, plain.node, &GenerationNode::name);
		if (node == generation.nodes.end())
			continue;
		node->object = plain.object;
		node->identity = plain.identity;
		node->program = program_hash({node->name, node->identity, node->out}, placed.placement);
	}
	generation.migrations.clear();
	generation.plain.clear();
	return generation;
}

namespace {

Result<void> sweep_state(const Migration& migration, const Fd& old, const Fd& fresh, const MigrationProgress& progress,
			 MigrationReport& report)
{
	auto table = statemaps::Table::open(migration.atom, old.get());
	if (!table)
		return pass(table);
	const auto start = Clock::now();
	const auto told = [&](const statemaps::Swept& swept) {
		return !progress || progress(migration.atom, swept.seen, ms_since(start) / 1000);
	};
	auto swept = run_sweeper(migration.sweeper, *table, fresh.get(), drain, told);
	if (!swept)
		return pass(swept);
	report.atoms.push_back(migration.atom);
	report.entries += swept->seen;
	report.moved += swept->moved;
	report.left += swept->stayed;
	report.stopped |= swept->stopped;
	report.seconds += ms_since(start) / 1000;
	return {};
}

// A state's tables, wherever its entries are; the old one first, for so they go.
Result<std::vector<Fd>> maps_of(const Generation& generation, const std::string& atom)
{
	std::vector<Fd> maps;
	for (const Migration& migration : generation.migrations) {
		if (migration.atom != atom)
			continue;
		auto old = loader::find_map(migration.from);
		if (!old)
			return pass(old);
		if (*old)
			maps.push_back(std::move(**old));
	}
	if (const StateRecord* own = generation.find_state(atom)) {
		auto map = loader::open_map(own->map_id);
		if (!map)
			return pass(map);
		maps.push_back(std::move(*map));
	}
	return maps;
}

// Of the entries that age (bpf/ageing.h). Until its key is in the new queue an entry
// does not age. Keys whose entries somebody has deleted stay behind: the new queue may
// have no room for them.
Result<void> hand_on_keys(const Generation& generation, const std::string& queue, const Fd& old, const Fd& fresh,
			  const MigrationProgress& progress, MigrationReport& report)
{
	auto maps = maps_of(generation, statemaps::state_of(queue));
	if (!maps)
		return pass(maps);
	std::vector<statemaps::Table> tables;
	for (const Fd& map : *maps) {
		auto table = statemaps::Table::open(statemaps::state_of(queue), map.get());
		if (!table)
			return pass(table);
		tables.push_back(std::move(*table));
	}
	auto schema = statemaps::schema_of(old.get());
	if (!schema)
		return pass(schema);
	const auto start = Clock::now();
	const auto lives = [&](const std::uint8_t* key) -> Result<bool> {
		for (const statemaps::Table& table : tables) {
			auto entry = table.lookup(key);
			if (!entry)
				return pass(entry);
			if (*entry)
				return true;
		}
		return false;
	};
	auto moved = statemaps::move_keys(old.get(), fresh.get(), schema->value_size, lives, [&] {
		report.stopped |= progress && !progress(queue, 0, ms_since(start) / 1000);
		return !report.stopped;
	});
	if (!moved)
		return pass(moved);
	report.seconds += ms_since(start) / 1000;
	return {};
}

std::filesystem::path plain_pin(const Store& store, int number, const std::string& node)
{
	return store.generation_pins(number) / (loader::pin_name(node) + "+plain");
}

// The plain programs take the slots of the settling ones. They do the same, now that
// the old maps are empty, so this goes slot by slot.
Result<void> load_plain(const Store& store, const Framework& framework, const Generation& settling)
{
	Generation plain = as_plain(settling);
	std::map<std::string, Fd> state;
	for (const StateRecord& used : plain.state) {
		auto map = loader::open_map(used.map_id);
		if (!map)
			return pass(map);
		state.emplace(used.atom, std::move(*map));
	}
	Build contexts;
	contexts.contract = plain.contract;
	auto context = framework.context(store, contexts, plain.contract);
	if (!context)
		return pass(context);
	const auto maps = map_fds(framework, *context, state);
	for (const PlainNode& changed : settling.plain) {
		const auto node = std::ranges::find(plain.nodes, changed.node, &GenerationNode::name);
		if (node == plain.nodes.end())
			continue;
		auto program = loader::load_program(node_program(*node, plain, maps));
		if (!program)
			return pass(program);
		node->prog_id = loader::program_id(program->get());
		if (node->prog_id == 0)
			return fail(ErrorKind::system, "cannot tell the id of the program of node " + node->name);
		if (auto pinned = loader::repin(program->get(), plain_pin(store, plain.number, node->name)); !pinned)
			return pinned;
		if (auto written = framework.write_slot(node->slot, program->get()); !written)
			return written;
	}
	if (auto drained = drain(); !drained)
		return drained;
	for (const PlainNode& changed : settling.plain) {
		const auto path = store.generation_pins(plain.number) / loader::pin_name(changed.node);
		if (rename(plain_pin(store, plain.number, changed.node).c_str(), path.c_str()) != 0)
			return fail_errno(errno, "cannot replace the pin " + path.string());
	}
	return store.write_generation(plain);
}

} // namespace

Result<MigrationReport> migrate(const Store& store, const Framework& framework, const MigrationProgress& progress)
{
	MigrationReport report;
	auto generation = store.read_running();
	if (!generation)
		return pass(generation);
	for (const Migration& migration : generation->migrations) {
		auto found = loader::find_map(migration.from);
		if (!found)
			return pass(found);
		if (!*found) // its last user, a settling program, has gone: all was moved
			continue;
		const std::optional<Fd>& old = *found;
		const StateRecord* own = generation->find_state(migration.atom);
		if (!own)
			continue;
		auto fresh = loader::open_map(own->map_id);
		if (!fresh)
			return pass(fresh);
		if (statemaps::is_queue(migration.atom)) {
			if (auto moved = hand_on_keys(*generation, migration.atom, *old, *fresh, progress, report);
			    !moved)
				return pass(moved);
			continue;
		}
		if (auto swept = sweep_state(migration, *old, *fresh, progress, report); !swept)
			return pass(swept);
	}
	if (report.stopped || report.left)
		return report;
	const auto start = Clock::now();
	if (!generation->migrations.empty())
		if (auto loaded = load_plain(store, framework, *generation); !loaded)
			return pass(loaded);
	report.finish_ms = ms_since(start);
	if (auto noted = store.append_history({{"action", "migrate"},
					       {"generation", generation->number},
					       {"from", generation->number},
					       {"at", now_utc()},
					       {"result", "committed"},
					       {"reason", ""},
					       {"changed", report.atoms},
					       {"entries", report.entries},
					       {"seconds", report.seconds},
					       {"total_ms", report.seconds * 1000 + report.finish_ms}});
	    !noted)
		return pass(noted);
	if (auto cleared = store.clear_journal(); !cleared)
		return pass(cleared);
	return report;
}

Error still_open(const Store& store, const MigrationReport& report)
{
	std::string atoms;
	for (const std::string& atom : report.atoms)
		atoms += (atoms.empty() ? "" : ", ") + atom;
	if (report.stopped)
		return {ErrorKind::refused,
			"interrupted: entries of " + atoms +
			    " are still in the old layout, and packets move what they meet",
			"nfup recover " + store.nf() + " moves the rest",
			{}};
	return {ErrorKind::refused,
		std::to_string(report.left) + " entries of " + atoms +
		    " found no room in the new map and are still in the old one: packets use them as they were",
		"delete some (nfup state del " + store.nf() + " …) or wait until some end, then nfup recover " +
		    store.nf(),
		{}};
}

} // namespace nfup::upgrade
