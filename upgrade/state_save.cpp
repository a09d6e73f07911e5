// SPDX-License-Identifier: BSD-2-Clause
#include "state_save.h"

#include <algorithm>
#include <linux/bpf.h>
#include <optional>

#include "clock.h"
#include "migration_plan.h"
#include "saved_states.h"
#include "state_convert.h"
#include "state_target.h"
#include "statemaps/fill.h"
#include "statemaps/moment.h"
#include "statemaps/queue.h"

namespace nfup::upgrade {

namespace {

using statemaps::Bytes;
using statemaps::Table;

bool is_asked(const std::vector<std::string>& atoms, const std::string& atom)
{
	return atoms.empty() || std::ranges::find(atoms, atom) != atoms.end();
}

// Is there an entry that stays unless it is overwritten?
Result<bool> is_there(const Table& table, const std::uint8_t* key)
{
	auto value = table.lookup(key);
	if (!value)
		return pass(value);
	return *value && !(table.is_array() && all_zero((*value)->data(), table.value_bytes()));
}

Result<void> check_room(const StateFile& file, std::size_t index, const Table& table)
{
	if (table.is_array())
		return {};
	auto used = statemaps::count_entries(table.fd);
	if (!used)
		return pass(used);
	std::uint64_t fresh = 0;
	auto counted = file.read(index, [&](const std::uint8_t* key, const std::uint8_t*) -> Result<void> {
		auto there = is_there(table, key);
		if (!there)
			return pass(there);
		fresh += !*there;
		return {};
	});
	if (!counted || *used + fresh <= table.schema.max_entries)
		return counted;
	return fail(ErrorKind::refused,
		    "the state " + table.atom + " has room for " + std::to_string(table.schema.max_entries) +
			" entries: " + std::to_string(*used) + " are there, and " + std::to_string(fresh) +
			" of the file would come",
		    "nothing was changed; delete some (nfup state del), or restore into a larger one");
}

// A state of the file and where its entries go.
struct Target {
	std::size_t index;
	const State* state;
	std::optional<Converted> converted; // its entries, ready, if the file has them in another layout
};

Result<RestoredCount> restore(const StateFile& file, const Target& target, const statemaps::Moment& now, bool overwrite)
{
	const SavedState& saved = file.header().states.at(target.index);
	const State& state = *target.state;
	const Table& table = state.table;
	RestoredCount count{saved.atom, 0, 0, target.converted.has_value()};
	const auto put = [&](const std::uint8_t* key, const std::uint8_t* value) -> Result<void> {
		auto there = is_there(table, key);
		if (!there)
			return pass(there);
		if (*there && !overwrite) {
			count.kept++;
			return {};
		}
		const bool any = overwrite || table.is_array();
		auto written = table.update(key, value, any ? BPF_ANY : BPF_NOEXIST);
		if (!written)
			return pass(written);
		if (*written == Table::Write::full)
			return fail(ErrorKind::refused,
				    "the state " + table.atom + " got full: " + std::to_string(count.restored) +
					" entries were restored, then there was no room",
				    "packets filled it meanwhile; delete some, and restore again");
		if (*written == Table::Write::exists) { // a packet was quicker
			count.kept++;
			return {};
		}
		count.restored++;
		return *there || !state.queue ? Result<void>{} : statemaps::push_key(state.queue->get(), key);
	};
	if (target.converted) {
		auto walked = statemaps::walk(target.converted->table,
					      [&](const std::uint8_t* key, const std::uint8_t* value) -> Result<bool> {
						      auto done = put(key, value);
						      return done ? Result<bool>(true) : Result<bool>(pass(done));
					      });
		if (!walked)
			return pass(walked);
		return count;
	}
	const Rebase rebase(saved, time_shift(file.header(), now.ns, clock_ns(CLOCK_REALTIME)), now);
	Bytes value(saved.value_size());
	auto done = file.read(target.index, [&](const std::uint8_t* key, const std::uint8_t* bytes) {
		value.assign(bytes, bytes + value.size());
		rebase.apply(value.data());
		return put(key, value.data());
	});
	if (!done)
		return pass(done);
	return count;
}

// As the journal says.
Result<std::vector<RestoredCount>> restore_as_noted(const Store& store, const Journal& journal)
{
	auto file = StateFile::open(journal.history.value("file", ""));
	if (!file)
		return pass(file);
	auto states = open_states(store);
	if (!states)
		return pass(states);
	return restore_states(*file, *states, journal.history.value("atoms", std::vector<std::string>()),
			      journal.history.value("overwrite", false),
			      journal.history.value("conversions", Conversions()));
}

} // namespace

Result<std::vector<SavedCount>> save_states(const std::string& nf, const std::vector<State>& states,
					    const std::filesystem::path& path)
{
	auto file = StateFileWriter::begin(path, saved_states(nf, states));
	if (!file)
		return pass(file);
	std::vector<SavedCount> counts;
	for (const State& state : states) {
		const Table& table = state.table;
		SavedCount& count = counts.emplace_back(SavedCount{table.atom});
		auto walked =
		    statemaps::walk(table, [&](const std::uint8_t* key, const std::uint8_t* value) -> Result<bool> {
			    if (table.is_array() && all_zero(value, table.value_bytes()))
				    return true;
			    count.entries++;
			    auto added = file->add(key, value);
			    return added ? Result<bool>(true) : Result<bool>(pass(added));
		    });
		if (!walked)
			return pass(walked);
		if (auto ended = file->end_state(); !ended)
			return pass(ended);
	}
	if (auto committed = file->commit(); !committed)
		return pass(committed);
	return counts;
}

Result<std::vector<RestoredCount>> restore_states(const StateFile& file, const std::vector<State>& states,
						  const std::vector<std::string>& atoms, bool overwrite,
						  const Conversions& conversions)
{
	const std::vector<SavedState>& saved = file.header().states;
	std::string names;
	for (const SavedState& state : saved)
		names += (names.empty() ? "" : ", ") + state.atom;
	for (const std::string& atom : atoms)
		if (std::ranges::find(saved, atom, &SavedState::atom) == saved.end())
			return fail(ErrorKind::intent, "the file has no state '" + atom + "'",
				    names.empty() ? "it has none at all" : "it has " + names);
	auto now = statemaps::read_moment();
	if (!now)
		return pass(now);
	std::vector<Target> targets;
	for (std::size_t i = 0; i < saved.size(); i++) {
		if (!is_asked(atoms, saved[i].atom))
			continue;
		auto target = find_target(saved[i], states, "the file");
		if (!target)
			return pass(target);
		const Table& table = (*target)->table;
		const auto conversion = conversions.find(saved[i].atom);
		if (conversion == conversions.end())
			if (auto same = check_schema(saved[i], table, "saved"); !same)
				return pass(same);
		if (auto room = check_room(file, i, table); !room)
			return pass(room);
		targets.push_back({i, *target, {}});
		if (conversion == conversions.end())
			continue;
		const Rebase rebase(saved[i], time_shift(file.header(), now->ns, clock_ns(CLOCK_REALTIME)), *now);
		auto converted = convert_saved(file, i, table.schema, conversion->second,
					       [&](Bytes& value) { rebase.apply(value.data()); });
		if (!converted)
			return pass(converted);
		targets.back().converted = std::move(*converted);
	}
	std::vector<RestoredCount> counts;
	for (const Target& target : targets) {
		auto restored = restore(file, target, *now, overwrite);
		if (!restored)
			return pass(restored);
		counts.push_back(std::move(*restored));
	}
	for (const Target& target : targets)
		if (auto done = refresh(*target.state); !done)
			return pass(done);
	return counts;
}

Result<Conversions> plan_restore(const StateFile& file, const std::vector<State>& states,
				 const std::vector<std::string>& atoms, const std::vector<Way>& ways,
				 const loader::Library& library)
{
	Conversions conversions;
	for (const SavedState& saved : file.header().states) {
		const auto found = std::ranges::find(states, saved.atom, [](const State& s) { return s.table.atom; });
		if (!is_asked(atoms, saved.atom) || found == states.end() || other_schema(saved, found->table).empty())
			continue;
		const std::string schema = saved.schema.hash();
		const auto kept = std::ranges::find_if(ways, [&](const Way& way) {
			return way.atom == saved.atom && way.schema == schema && !way.here.sweeper.empty();
		});
		if (kept != ways.end()) {
			conversions.emplace(saved.atom, kept->here.sweeper);
			continue;
		}
		auto planned = plan_conversion(
		    saved.atom, saved.schema, found->table.schema, library, false,
		    {"was saved with another schema",
		     "or restore the file into an NF with the old classes, and upgrade that; nothing was changed"});
		if (!planned)
			return pass(planned);
		conversions.emplace(saved.atom, planned->sweeper);
	}
	return conversions;
}

Result<std::vector<RestoredCount>> restore_journalled(const Store& store, const std::filesystem::path& path,
						      const std::vector<std::string>& atoms, bool overwrite,
						      const loader::Library& library)
{
	auto file = StateFile::open(path);
	if (!file)
		return pass(file);
	auto states = open_states(store);
	if (!states)
		return pass(states);
	auto generation = store.read_running();
	if (!generation)
		return pass(generation);
	auto conversions = plan_restore(*file, *states, atoms, generation->ways, library);
	if (!conversions)
		return pass(conversions);
	std::error_code error;
	Journal journal{.operation = "restore", .step = "restore"};
	journal.history = {{"file", std::filesystem::absolute(path, error)},
			   {"atoms", atoms},
			   {"overwrite", overwrite},
			   {"conversions", *conversions}};
	if (auto written = store.write_journal(journal); !written)
		return pass(written);
	auto restored = restore_states(*file, *states, atoms, overwrite, *conversions);
	if (auto cleared = store.clear_journal(); !cleared && restored)
		return pass(cleared);
	return restored;
}

Result<std::string> finish_restore(const Store& store, const Journal& journal)
{
	auto restored = restore_as_noted(store, journal);
	// If it cannot be, that is no reason to keep other commands from working.
	if (auto cleared = store.clear_journal(); !cleared)
		return pass(cleared);
	if (restored)
		return "finished, with " + journal.history.value("file", "");
	return "it cannot be finished: " + restored.error().message + "; what it had restored stays";
}

} // namespace nfup::upgrade
