// SPDX-License-Identifier: BSD-2-Clause
#include "state_plan.h"

#include <algorithm>

#include "loader/bpffs.h"
#include "loader/program.h"
#include "state_access.h"
#include "statemaps/maglev.h"
#include "statemaps/queue.h"

namespace nfup::upgrade {

namespace {

std::string indent(const std::vector<std::string>& lines)
{
	std::string text;
	for (const auto& line : lines)
		text += "\n  " + line;
	return text;
}

} // namespace

const char* to_string(StateAction action)
{
	switch (action) {
	case StateAction::keep:
		return "keep";
	case StateAction::migrate:
		return "migrate";
	case StateAction::create:
		return "create";
	case StateAction::drop:
		return "drop";
	}
	return "?";
}

namespace {

// A queue goes with its state, and so does a Maglev table.
bool is_dropped(const std::string& atom, const std::set<std::string>& drop)
{
	return drop.contains(atom) || std::ranges::any_of(drop, [&](const std::string& state) {
		       return atom == statemaps::queue_of(state) || atom == statemaps::maglev_of(state);
	       });
}

// Entries that a state has from a time when they did not age.
Result<void> fill_queue(const std::string& queue, const StatePlan& plan)
{
	const std::string atom = statemaps::state_of(queue);
	const auto change = std::ranges::find(plan.changes, atom, &StateChange::atom);
	const auto move = std::ranges::find(plan.moves, atom, &Move::atom);
	if (change == plan.changes.end() || (change->action != StateAction::keep && move == plan.moves.end()))
		return {};
	auto table =
	    statemaps::Table::open(atom, move == plan.moves.end() ? plan.maps.at(atom).get() : move->old.get());
	if (!table)
		return pass(table);
	return statemaps::push_keys(plan.maps.at(queue).get(), *table);
}

} // namespace

Result<std::vector<StateRecord>> StatePlan::records() const
{
	std::vector<StateRecord> records;
	for (const auto& [atom, fd] : maps) {
		auto schema = statemaps::schema_of(fd.get());
		if (!schema)
			return pass(schema);
		const std::uint32_t id = loader::map_id(fd.get());
		if (id == 0)
			return fail(ErrorKind::system, "cannot tell the id of the map of the state " + atom);
		records.push_back({atom, schema->hash(), id});
	}
	return records;
}

Result<StatePlan> plan_state(const Store& store, const Build& build, const loader::Library& library,
			     const std::map<int, Generation>& kept, int current, const std::set<std::string>& drop,
			     bool dry)
{
	const Generation* running = current ? &kept.at(current) : nullptr;
	StatePlan plan;
	for (const std::string& atom : drop)
		if (!build.state.contains(atom))
			return fail(ErrorKind::intent, "--drop-state " + atom + ": the intent has no such state",
				    "`nfup status` lists the states");
	for (const auto& [atom, wanted] : build.state) {
		StateChange change{atom, StateAction::create, ""};
		auto pinned = find_state(store, running, atom);
		if (!pinned)
			return pass(pinned);
		if (*pinned) {
			auto present = statemaps::schema_of((*pinned)->get());
			if (!present)
				return pass(present);
			const auto different = statemaps::differences(*present, wanted.schema);
			change.detail = indent(different);
			if (is_dropped(atom, drop)) {
				change.action = StateAction::drop;
			} else if (different.empty()) {
				change.action = StateAction::keep;
				plan.maps.emplace(atom, std::move(**pinned));
			} else {
				auto move = plan_move(atom, std::move(**pinned), wanted.schema, kept, library, dry);
				if (!move)
					return pass(move);
				change.action = StateAction::migrate;
				plan.moves.push_back(std::move(*move));
			}
		}
		if (change.action != StateAction::keep && !dry) {
			auto made = loader::create_maps(wanted.object, {atom}, wanted.schema.max_entries);
			if (!made)
				return pass(made);
			plan.maps.emplace(atom, std::move(made->at(atom)));
			if (statemaps::is_queue(atom) && change.action == StateAction::create)
				if (auto filled = fill_queue(atom, plan); !filled)
					return pass(filled);
		}
		plan.changes.push_back(std::move(change));
	}
	return plan;
}

Result<void> pin_state_drafts(const Store& store, const StatePlan& plan)
{
	for (const StateChange& change : plan.changes) {
		if (change.action == StateAction::keep)
			continue;
		const auto pinned = loader::repin(plan.maps.at(change.atom).get(), store.draft_state_pin(change.atom));
		if (!pinned)
			return pinned;
	}
	return {};
}

} // namespace nfup::upgrade
