// SPDX-License-Identifier: BSD-2-Clause
#include "entry.h"

#include <algorithm>
#include <cstring>
#include <linux/bpf.h>
#include <map>

#include "entry_text.h"

namespace nfup::statemaps {

namespace {

struct Named {
	std::map<const EntryField*, std::string> fields; // the value's text
};

Result<Named> read_words(const Table& table, const std::vector<std::string>& words)
{
	Named named;
	for (const std::string& word : words) {
		const auto equals = word.find('=');
		if (equals == std::string::npos || equals == 0)
			return fail(ErrorKind::intent, "'" + word + "' is not FIELD=VALUE",
				    "`nfup state list NF` shows the fields");
		auto field = find_field(table.layout, word.substr(0, equals));
		if (!field)
			return pass(field);
		if (!named.fields.emplace(*field, word.substr(equals + 1)).second)
			return fail(ErrorKind::intent, "the field " + (*field)->path + " is given twice");
	}
	return named;
}

Result<void> write_field(const EntryField& field, const std::string& text, Bytes& part, const Moment& now)
{
	if (const auto parsed = parse_into(field, text, part.data(), now); !parsed)
		return fail(ErrorKind::intent, field.name() + "=" + text + ": " + parsed.error());
	return {};
}

Result<Bytes> key_of(const Table& table, const Named& named, const Moment& now)
{
	Bytes key(table.schema.key_size);
	std::string missing;
	for (const EntryField& field : table.layout.fields) {
		if (!field.in_key)
			continue;
		const auto given = named.fields.find(&field);
		if (given != named.fields.end()) {
			if (auto written = write_field(field, given->second, key, now); !written)
				return pass(written);
		} else if (!field.filling) {
			missing += (missing.empty() ? "" : ", ") + label(table.layout, field);
		}
	}
	if (!missing.empty())
		return fail(ErrorKind::intent, "fields of the key are missing: " + missing,
			    "an entry is named by its whole key; `nfup state show NF " + table.atom +
				" --where EXPR` finds it by some of them");
	return key;
}

// "value.outside.addr" as a path into nested objects.
void put(nlohmann::json& object, const std::string& path, nlohmann::json value)
{
	nlohmann::json* at = &object;
	std::size_t start = 0;
	for (std::size_t dot; (dot = path.find('.', start)) != std::string::npos; start = dot + 1)
		at = &(*at)[path.substr(start, dot - start)];
	(*at)[path.substr(start)] = std::move(value);
}

} // namespace

Result<Bytes> parse_key(const Table& table, const std::vector<std::string>& words, const Moment& now)
{
	auto named = read_words(table, words);
	if (!named)
		return pass(named);
	for (const auto& [field, text] : named->fields)
		if (!field->in_key)
			return fail(ErrorKind::intent, field->path + " is no field of the key",
				    "entries are found by other fields with --where");
	return key_of(table, *named, now);
}

Result<Written> set_entry(const Table& table, const std::vector<std::string>& words, Require require, const Moment& now)
{
	if (table.cpus)
		return fail(ErrorKind::intent,
			    "the state " + table.atom + " has a value per CPU: one entry cannot be set by its fields",
			    "save and restore it, or del the entry");
	auto named = read_words(table, words);
	if (!named)
		return pass(named);
	auto key = key_of(table, *named, now);
	if (!key)
		return pass(key);
	// An entry may come or go between the look and the write: then look again.
	for (int tries = 0; tries < 8; tries++) {
		auto before = table.lookup(key->data());
		if (!before)
			return pass(before);
		if (before->has_value() && require == Require::absent)
			return fail(ErrorKind::intent, "there is such an entry in " + table.atom + " already",
				    "leave out --create to change it");
		if (!before->has_value() && require == Require::present)
			return fail(ErrorKind::intent, "there is no such entry in " + table.atom,
				    "leave out --existing to make it");
		Written written{!before->has_value(), *key, before->value_or(Bytes(table.schema.value_size))};
		for (const EntryField& field : table.layout.fields) {
			if (field.in_key)
				continue;
			const auto given = named->fields.find(&field);
			if (given != named->fields.end()) {
				if (auto put_in = write_field(field, given->second, written.value, now); !put_in)
					return pass(put_in);
			} else if (written.created && field.meaning == Meaning::time) {
				memcpy(written.value.data() + field.offset, &now.ns, sizeof now.ns);
			} else if (written.created && field.meaning == Meaning::jiffies) {
				const std::uint32_t stale = stale_jiffies(now);
				memcpy(written.value.data() + field.offset, &stale, sizeof stale);
			}
		}
		const bool make = written.created && !table.is_array();
		auto done = table.update(written.key.data(), written.value.data(),
					 make               ? BPF_NOEXIST
					 : table.is_array() ? BPF_ANY
							    : BPF_EXIST);
		if (!done)
			return pass(done);
		switch (*done) {
		case Table::Write::done:
			return written;
		case Table::Write::full:
			if (table.is_array())
				return fail(ErrorKind::intent, table.atom + " is an array of " +
								   std::to_string(table.schema.max_entries) +
								   " entries, and this index is behind its end");
			return fail(ErrorKind::refused,
				    "the state " + table.atom +
					" is full: " + std::to_string(table.schema.max_entries) + " entries",
				    "delete some: `nfup state del NF " + table.atom + " --where EXPR`");
		case Table::Write::exists:
		case Table::Write::missing:
			break;
		}
	}
	return fail(ErrorKind::system, "the entry of " + table.atom + " comes and goes faster than it can be set",
		    "try again");
}

nlohmann::json entry_json(const Table& table, const std::uint8_t* key, const std::uint8_t* value, const Moment& now)
{
	const auto fields = shown_fields(table.layout);
	nlohmann::json entry, parts;
	for (const EntryField* field : fields)
		if (field->in_key)
			put(entry, field->path, to_value(*field, key, now));
	for (int cpu = 0; cpu < std::max(table.cpus, 1); cpu++) {
		nlohmann::json part;
		for (const EntryField* field : fields)
			if (!field->in_key)
				put(part, field->path,
				    to_value(*field, value + static_cast<std::size_t>(cpu) * table.value_stride(),
					     now));
		parts.push_back(part.value("value", nlohmann::json()));
	}
	if (table.cpus)
		entry["values"] = std::move(parts);
	else
		entry["value"] = std::move(parts[0]);
	return entry;
}

std::vector<const EntryField*> shown_fields(const Layout& layout)
{
	std::vector<const EntryField*> shown;
	for (const EntryField& field : layout.fields)
		if (!field.filling && field.meaning != Meaning::kernel)
			shown.push_back(&field);
	return shown;
}

std::string label(const Layout& layout, const EntryField& field)
{
	const std::string name = field.name();
	const auto same = std::ranges::count_if(layout.fields, [&](const EntryField& f) { return f.name() == name; });
	return same > 1 ? field.path : name;
}

} // namespace nfup::statemaps
