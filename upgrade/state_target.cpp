// SPDX-License-Identifier: BSD-2-Clause
#include "state_target.h"

#include <algorithm>
#include <cstring>

namespace nfup::upgrade {

using statemaps::EntryField;
using statemaps::Meaning;

Result<const State*> find_target(const SavedState& saved, const std::vector<State>& states, const std::string& from)
{
	const auto found =
	    std::ranges::find_if(states, [&](const State& state) { return state.table.atom == saved.atom; });
	if (found == states.end()) {
		std::string names;
		for (const State& state : states)
			names += (names.empty() ? "" : ", ") + state.table.atom;
		return fail(ErrorKind::refused, from + " has the state " + saved.atom + ", which this NF has not",
			    (names.empty() ? "it keeps no state" : "its states are " + names) +
				"; name those to take over at the end of the command: ATOM…");
	}
	return &*found;
}

std::vector<std::string> other_schema(const SavedState& saved, const statemaps::Table& table)
{
	statemaps::Schema wanted = saved.schema;
	wanted.max_entries = table.schema.max_entries;
	return statemaps::differences(wanted, table.schema);
}

Result<void> check_schema(const SavedState& saved, const statemaps::Table& table, const std::string& how)
{
	std::string lines;
	for (const auto& line : other_schema(saved, table))
		lines += "\n  " + line;
	if (!lines.empty())
		return fail(ErrorKind::refused,
			    "the state " + saved.atom + " was " + how + " with another schema:" + lines,
			    "nothing was changed; take it over into an NF with the old classes, and upgrade that");
	if (saved.cpus != table.cpus)
		return fail(ErrorKind::refused,
			    "the state " + saved.atom + " has a value per CPU, of " + std::to_string(saved.cpus) +
				" CPUs where it was " + how + " and " + std::to_string(table.cpus) + " here",
			    "nothing was changed");
	return {};
}

std::uint64_t time_shift(const SavedStates& header, std::uint64_t monotonic_ns, std::uint64_t realtime_ns)
{
	// A wall clock that went back makes nothing younger.
	const std::uint64_t lain = realtime_ns > header.realtime_ns ? realtime_ns - header.realtime_ns : 0;
	return monotonic_ns - header.monotonic_ns - lain;
}

void Rebase::apply(std::uint8_t* value) const
{
	const std::size_t count = state_.cpus ? static_cast<std::size_t>(state_.cpus) : 1;
	const std::size_t stride = state_.value_size() / count;
	for (std::size_t i = 0; i < count; i++)
		for (const EntryField& field : state_.fields)
			if (!field.in_key)
				apply(field, value + i * stride + field.offset);
}

void Rebase::apply(const EntryField& field, std::uint8_t* at) const
{
	if (field.meaning == Meaning::time) {
		std::uint64_t time;
		std::memcpy(&time, at, sizeof time);
		if (time == 0) // never
			return;
		time += shift_; // programs compare by difference: it may well be before the boot
		time += time == 0;
		std::memcpy(at, &time, sizeof time);
	} else if (field.meaning == Meaning::jiffies) {
		std::memcpy(at, &stale_jiffies_, sizeof stale_jiffies_);
	}
}

bool all_zero(const std::uint8_t* bytes, std::size_t size)
{
	return std::all_of(bytes, bytes + size, [](std::uint8_t byte) { return byte == 0; });
}

} // namespace nfup::upgrade
