// SPDX-License-Identifier: BSD-2-Clause
#include "saved_states.h"

#include <nlohmann/json.hpp>

#include "clock.h"
#include "statemaps/schema_json.h"

namespace nfup::upgrade {
using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SavedState, atom, schema, cpus, fields)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SavedStates, nf, created, realtime_ns, monotonic_ns, states)

namespace {

// Far above what there is; what is larger is damage.
constexpr std::uint32_t most_key = 512, most_value = 1u << 20;
constexpr int most_cpus = 8192;

const char* wrong(const SavedState& state)
{
	const statemaps::Schema& schema = state.schema;
	if (state.atom.empty())
		return "a state without a name";
	if (schema.key_size == 0 || schema.key_size > most_key || schema.value_size == 0 ||
	    schema.value_size > most_value || state.cpus < 0 || state.cpus > most_cpus)
		return "a size that no entry has";
	for (const statemaps::EntryField& field : state.fields) {
		if (std::uint64_t{field.offset} + field.size > (field.in_key ? schema.key_size : schema.value_size))
			return "a field outside its entry";
		// They will be written to.
		if ((field.meaning == statemaps::Meaning::time && field.size != sizeof(std::uint64_t)) ||
		    (field.meaning == statemaps::Meaning::jiffies && field.size != sizeof(std::uint32_t)))
			return "a time of another size";
	}
	return nullptr;
}

} // namespace

std::size_t SavedState::value_size() const
{
	return cpus ? (schema.value_size + 7u) / 8 * 8 * static_cast<std::size_t>(cpus) : schema.value_size;
}

SavedStates saved_states(const std::string& nf, const std::vector<State>& states)
{
	SavedStates header{nf, now_utc(), clock_ns(CLOCK_REALTIME), clock_ns(CLOCK_MONOTONIC), {}};
	for (const State& state : states)
		header.states.push_back(
		    {state.table.atom, state.table.schema, state.table.cpus, state.table.layout.fields, 0});
	return header;
}

std::string to_text(const SavedStates& header)
{
	return json(header).dump();
}

Result<SavedStates> parse_saved_states(std::string_view text)
{
	SavedStates header;
	try {
		header = json::parse(text).get<SavedStates>();
	} catch (const json::exception& e) {
		return fail(ErrorKind::intent, std::string("its header: ") + e.what());
	}
	for (const SavedState& state : header.states)
		if (const char* what = wrong(state))
			return fail(ErrorKind::intent, std::string("its header has ") + what);
	return header;
}

} // namespace nfup::upgrade
