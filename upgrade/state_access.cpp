// SPDX-License-Identifier: BSD-2-Clause
#include "state_access.h"

#include <algorithm>
#include <fcntl.h>

#include "loader/bpffs.h"
#include "loader/program.h"
#include "statemaps/maglev.h"
#include "statemaps/queue.h"

namespace nfup::upgrade {

namespace {

Result<State> open_state(const Store& store, const Generation& generation, const StateRecord& record)
{
	auto map = find_state(store, &generation, record.atom);
	if (!map)
		return pass(map);
	auto table = statemaps::Table::open(record.atom, (*map)->get());
	if (!table)
		return pass(table);
	State state{std::move(**map), std::move(*table), {}, {}, {}, {}};
	const auto beside = [&](const std::string& atom, std::optional<Fd>& fd) -> Result<void> {
		if (!generation.find_state(atom))
			return {};
		auto pinned = find_state(store, &generation, atom);
		if (!pinned)
			return pass(pinned);
		fd = std::move(**pinned);
		return {};
	};
	if (auto queue = beside(statemaps::queue_of(record.atom), state.queue); !queue)
		return pass(queue);
	if (auto maglev = beside(statemaps::maglev_of(record.atom), state.maglev); !maglev)
		return pass(maglev);
	for (const GenerationNode& node : generation.nodes)
		if (std::ranges::find(node.state, record.atom) != node.state.end())
			state.users.push_back(node);
	for (const Migration& migration : generation.migrations) {
		if (migration.atom != record.atom)
			continue;
		auto old = loader::find_map(migration.from);
		if (!old)
			return pass(old);
		if (!*old) // all was moved
			continue;
		auto entries = statemaps::Table::open(record.atom, (*old)->get());
		if (!entries)
			return pass(entries);
		state.old = OldEntries{std::move(**old), std::move(*entries)};
	}
	return state;
}

// Some entries are still in the map that they migrate from, or have not come yet.
Result<void> check_whole(const Store& store)
{
	auto journal = store.read_journal();
	if (!journal)
		return pass(journal);
	if (*journal && (*journal)->operation == "receive")
		return fail(ErrorKind::refused, "the states of '" + store.nf() + "' are being received",
			    "wait for it; if nfup died in it, `nfup recover " + store.nf() + "` deletes what has come");
	if (!*journal || (*journal)->operation != "migrate")
		return {};
	return fail(ErrorKind::refused,
		    "a state of '" + store.nf() + "' is migrating: not all of its entries are in one place",
		    "wait for the upgrade; if nfup died in it, `nfup recover " + store.nf() + "` goes on");
}

} // namespace

Result<std::optional<Fd>> find_state(const Store& store, const Generation* generation, const std::string& atom)
{
	const auto path = store.state_pin(atom);
	auto pinned = loader::find_pin(path);
	if (!pinned || !generation)
		return pinned;
	const StateRecord* record = generation->find_state(atom);
	if (!record)
		return pinned;
	const std::uint32_t there = *pinned ? loader::map_id((*pinned)->get()) : 0;
	if (there == record->map_id)
		return pinned;
	// For one who holds no lock: a commit is under way, whose pins come before its record.
	auto journal = store.read_journal();
	if (!journal)
		return pass(journal);
	if (*journal && (*journal)->operation != "migrate") {
		auto own = loader::open_map(record->map_id);
		if (!own)
			return pass(own);
		return std::move(*own);
	}
	return fail(ErrorKind::system,
		    "somebody " +
			(there ? "replaced the pin " + path.string() + ": it is map " + std::to_string(there)
			       : "removed the pin " + path.string()) +
			", and generation " + std::to_string(generation->number) + " uses map " +
			std::to_string(record->map_id),
		    "its programs still have the right map; pin it there again: rm -f " + path.string() +
			" && bpftool map pin id " + std::to_string(record->map_id) + " " + path.string());
}

Result<void> check_states(const Store& store, const Generation& generation)
{
	for (const StateRecord& record : generation.state)
		if (auto found = find_state(store, &generation, record.atom); !found)
			return pass(found);
	return {};
}

Result<std::vector<State>> open_states(const Store& store, const std::vector<std::string>& atoms, bool partial)
{
	if (auto whole = check_whole(store); !whole && !partial)
		return pass(whole);
	auto generation = store.read_running();
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

Result<std::vector<State>> open_states(const std::map<std::string, Fd>& maps)
{
	std::vector<State> states;
	for (const auto& [atom, fd] : maps) {
		if (statemaps::is_queue(atom))
			continue;
		State state{Fd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)), {}, {}, {}, {}, {}};
		auto table = statemaps::Table::open(atom, state.map.get());
		if (!table)
			return pass(table);
		state.table = std::move(*table);
		if (const auto queue = maps.find(statemaps::queue_of(atom)); queue != maps.end())
			state.queue = Fd(fcntl(queue->second.get(), F_DUPFD_CLOEXEC, 0));
		if (const auto maglev = maps.find(statemaps::maglev_of(atom)); maglev != maps.end())
			state.maglev = Fd(fcntl(maglev->second.get(), F_DUPFD_CLOEXEC, 0));
		states.push_back(std::move(state));
	}
	return states;
}

Result<void> refresh(const State& state)
{
	if (!state.maglev || state.old) // while it migrates, not all entries are in one place
		return {};
	return statemaps::update_maglev(state.maglev->get(), state.table);
}

} // namespace nfup::upgrade
