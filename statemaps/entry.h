// SPDX-License-Identifier: BSD-2-Clause
// One entry of a state as words: `saddr=10.0.0.1 dport=443 closing=OPEN`.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "moment.h"
#include "table.h"

namespace nfup::statemaps {

// The key that FIELD=VALUE words name: every key field but those called `zero`.
// Error (kind intent): a field that is missing, twice there or of the value, a value
// that it cannot have.
Result<Bytes> parse_key(const Table& table, const std::vector<std::string>& words, const Moment& now);

enum class Require { nothing, absent, present };

struct Written {
	bool created = false;
	Bytes key, value;
};

// Changes the named value fields of the entry, or makes one: there, times that are not
// named are now, the rest is 0. A packet's write to the same entry between our reading
// and writing it is lost. Error (kind intent): as parse_key, or what `require` excludes;
// (kind refused): the table is full.
Result<Written> set_entry(const Table& table, const std::vector<std::string>& words, Require require,
			  const Moment& now);

// {"key": {…}, "value": {…}}, fields nested as the structs are; "values", one per
// CPU, of per-CPU tables. `value`: all of them, as Table::lookup gives them.
nlohmann::json entry_json(const Table& table, const std::uint8_t* key, const std::uint8_t* value, const Moment& now);

// The fields that are shown, and each one's name: without "key." or "value." where
// that is enough.
std::vector<const EntryField*> shown_fields(const Layout& layout);
std::string label(const Layout& layout, const EntryField& field);

} // namespace nfup::statemaps
