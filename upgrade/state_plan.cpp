// SPDX-License-Identifier: BSD-2-Clause
#include "state_plan.h"

#include <algorithm>

#include "loader/bpffs.h"
#include "loader/program.h"
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

// A queue goes with its state.
bool is_dropped(const std::string& atom, const std::set<std::string>& drop)
{
	return drop.contains(atom) || (statemaps::is_queue(atom) && drop.contains(statemaps::state_of(atom)));
}

// Entries that a state has from a time when they did not age.
Result<void> fill_queue(const std::string& queue, const StatePlan& plan)
{
	const std::string atom = statemaps::state_of(queue);
	const auto change = std::ranges::find(plan.changes, atom, &StateChange::atom);
	if (change == plan.changes.end() || change->action != StateAction::keep)
		return {};
	auto table = statemaps::Table::open(atom, plan.maps.at(atom).get());
	if (!table)
		return pass(table);
	return statemaps::push_keys(plan.maps.at(queue).get(), *table);
}

} // namespace

std::vector<StateRecord> StatePlan::records() const
{
	std::vector<StateRecord> records;
	for (const auto& [atom, fd] : maps) {
		const auto schema = statemaps::schema_of(fd.get());
		records.push_back({atom, schema ? schema->hash() : "", loader::map_id(fd.get())});
	}
	return records;
}

Result<StatePlan> plan_state(const Store& store, const Build& build, const std::set<std::string>& drop, bool dry)
{
	StatePlan plan;
	for (const std::string& atom : drop)
		if (!build.state.contains(atom))
			return fail(ErrorKind::intent, "--drop-state " + atom + ": the intent has no such state",
				    "`nfup status` lists the states");
	for (const auto& [atom, wanted] : build.state) {
		StateChange change{atom, StateAction::create, ""};
		auto pinned = loader::find_pin(store.state_pin(atom));
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
				return fail(ErrorKind::refused,
					    "the state " + atom +
						" has another schema than the new programs expect:" + change.detail,
					    "keep the layout, or lose the entries on purpose with --drop-state " +
						atom);
			}
		}
		if (change.action != StateAction::keep && !dry) {
			auto made = loader::create_maps(wanted.object, {atom});
			if (!made)
				return pass(made);
			plan.maps.emplace(atom, std::move(made->at(atom)));
			if (statemaps::is_queue(atom))
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
