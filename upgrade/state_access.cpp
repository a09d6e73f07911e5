// SPDX-License-Identifier: BSD-2-Clause
#include "state_access.h"

#include <algorithm>

#include "loader/bpffs.h"
#include "statemaps/queue.h"

namespace nfup::upgrade {

namespace {

Result<State> open_state(const Store& store, const Generation& generation, const StateRecord& record)
{
	auto map = loader::open_pin(store.state_pin(record.atom));
	if (!map) {
		map.error().hint = "`nfup status " + store.nf() + "` shows what there is";
		return pass(map);
	}
	auto table = statemaps::Table::open(record.atom, map->get());
	if (!table)
		return pass(table);
	if (!record.schema.empty() && table->schema.hash() != record.schema)
		return fail(ErrorKind::system,
			    "the pin " + store.state_pin(record.atom).string() +
				" has another schema than the generation was committed with: somebody replaced it",
			    "the programs still use the right map; pin it there again (bpftool map pin id " +
				std::to_string(record.map_id) + " …)");
	State state{std::move(*map), std::move(*table), {}, {}};
	if (const std::string queue = statemaps::queue_of(record.atom);
	    std::ranges::find(generation.state, queue, &StateRecord::atom) != generation.state.end()) {
		auto pinned = loader::open_pin(store.state_pin(queue));
		if (!pinned)
			return pass(pinned);
		state.queue = std::move(*pinned);
	}
	for (const GenerationNode& node : generation.nodes)
		if (std::ranges::find(node.state, record.atom) != node.state.end())
			state.users.push_back(node);
	return state;
}

} // namespace

Result<std::vector<State>> open_states(const Store& store, const std::vector<std::string>& atoms)
{
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	if (record->current == 0)
		return fail(ErrorKind::system, "'" + store.nf() + "' is not attached yet",
			    "wait, or nfup recover " + store.nf());
	auto generation = store.read_generation(record->current);
	if (!generation)
		return pass(generation);
	std::vector<StateRecord> records = generation->state;
	std::erase_if(records, [](const StateRecord& state) { return statemaps::is_queue(state.atom); });
	std::string names;
	for (const StateRecord& state : records)
		names += (names.empty() ? "" : ", ") + state.atom;
	for (const std::string& atom : atoms)
		if (std::ranges::find(records, atom, &StateRecord::atom) == records.end())
			return fail(ErrorKind::intent, "'" + store.nf() + "' has no state '" + atom + "'",
				    names.empty() ? "it keeps no state at all" : "its states are " + names);
	std::vector<State> states;
	for (const StateRecord& state : records) {
		if (!atoms.empty() && std::ranges::find(atoms, state.atom) == atoms.end())
			continue;
		auto opened = open_state(store, *generation, state);
		if (!opened)
			return pass(opened);
		states.push_back(std::move(*opened));
	}
	return states;
}

} // namespace nfup::upgrade
