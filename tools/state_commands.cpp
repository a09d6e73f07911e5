// SPDX-License-Identifier: BSD-2-Clause
// nfup state: entries by field name.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>

#include <bpf/libbpf.h>

#include "cli.h"
#include "statemaps/entry.h"
#include "statemaps/entry_text.h"
#include "statemaps/fill.h"
#include "statemaps/queue.h"
#include "statemaps/where.h"
#include "upgrade/session.h"
#include "upgrade/state_access.h"

namespace nfup::tools {

namespace {

using statemaps::Bytes;
using statemaps::EntryField;
using statemaps::Table;

std::string type_name(const Table& table)
{
	const char* name = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(table.schema.type));
	return name ? name : std::to_string(table.schema.type);
}

json field_json(const Table& table, const EntryField& field)
{
	json value = field;
	value["name"] = label(table.layout, field);
	for (const statemaps::Field& f : table.schema.fields)
		if (f.path == field.path)
			value["type"] = f.type;
	return value;
}

int list(const Cli& cli)
{
	auto store = upgrade::Store::open(cli.folders, cli.words[1]);
	if (!store)
		return report(cli, store.error());
	auto states = upgrade::open_states(*store, {cli.words.begin() + 2, cli.words.end()});
	if (!states)
		return report(cli, states.error());
	json all = json::array();
	for (const upgrade::State& state : *states) {
		const Table& table = state.table;
		auto entries = statemaps::count_entries(table.fd);
		if (!entries)
			return report(cli, entries.error());
		std::vector<std::string> users;
		json nodes = json::array(), fields = json::array();
		for (const auto& node : state.users) {
			users.push_back(node.name == node.cls ? node.name : node.name + " (" + node.cls + ")");
			nodes.push_back({{"name", node.name}, {"class", node.cls}});
		}
		for (const EntryField* field : shown_fields(table.layout))
			fields.push_back(field_json(table, *field));
		all.push_back({{"atom", table.atom},
			       {"type", type_name(table)},
			       {"entries", *entries},
			       {"max_entries", table.schema.max_entries},
			       {"schema", table.schema.hash()},
			       {"nodes", nodes},
			       {"fields", fields}});
		if (cli.as_json)
			continue;
		printf("%s: %lu of %u entries, %s, schema %s\n  used by %s\n", table.atom.c_str(), *entries,
		       table.schema.max_entries, type_name(table).c_str(), table.schema.hash().c_str(),
		       users.empty() ? "no node" : join(users).c_str());
		for (const bool in_key : {true, false}) {
			std::vector<std::string> words;
			for (const EntryField* field : shown_fields(table.layout))
				if (field->in_key == in_key)
					words.push_back(label(table.layout, *field) + " (" + to_string(field->meaning) +
							")");
			printf("  %s %s\n", in_key ? "key  " : "value", join(words).c_str());
		}
	}
	if (cli.as_json)
		print_json({{"name", cli.words[1]}, {"states", all}});
	else if (all.empty())
		std::cout << cli.words[1] << " keeps no state\n";
	return 0;
}

// What the commands on one state begin with. `session` holds the lock of writers.
struct Workbench {
	std::optional<upgrade::Session> session;
	upgrade::State state;
	statemaps::Moment now;
	statemaps::Where where;

	std::optional<statemaps::Where> where_old; // the same, of entries that have not migrated yet

	const Table& table() const { return state.table; }
	bool holds(const Table& entries, const statemaps::Where& condition, const std::uint8_t* key,
		   const std::uint8_t* value) const
	{
		if (!entries.cpus)
			return condition.holds(key, value, now);
		for (int cpu = 0; cpu < entries.cpus; cpu++)
			if (condition.holds(key, value + static_cast<std::size_t>(cpu) * entries.value_stride(), now))
				return true;
		return false;
	}
};

// What a command does with entries; `remove` also works while they migrate.
enum class Access { read, write, remove };

Result<Workbench> open_workbench(const Cli& cli, Access access, intent::Diagnostics& diagnostics)
{
	Workbench bench;
	std::optional<upgrade::Store> store;
	if (access != Access::read) {
		auto session = upgrade::begin(cli.folders, cli.words[1]);
		if (!session)
			return pass(session);
		store = session->store;
		bench.session = std::move(*session);
	} else {
		auto opened = upgrade::Store::open(cli.folders, cli.words[1]);
		if (!opened)
			return pass(opened);
		store = std::move(*opened);
	}
	auto states = upgrade::open_states(*store, {cli.words[2]}, access == Access::remove);
	if (!states)
		return pass(states);
	bench.state = std::move(states->front());
	auto now = statemaps::read_moment();
	if (!now)
		return pass(now);
	bench.now = *now;
	if (cli.options.count("where")) {
		const auto text = cli.options["where"].as<std::string>();
		bench.where = statemaps::Where::parse(text, bench.table().layout, diagnostics);
		if (bench.state.old && diagnostics.ok())
			bench.where_old = statemaps::Where::parse(text, bench.state.old->table.layout, diagnostics);
		if (!diagnostics.ok())
			return fail(ErrorKind::intent, intent::render(diagnostics.list().front(), text));
	}
	return bench;
}

int refuse(const Cli& cli, const Error& error, const intent::Diagnostics& diagnostics)
{
	upgrade::Intent where; // what the diagnostics point into
	if (cli.options.count("where"))
		where.text = cli.options["where"].as<std::string>();
	return report(cli, error, diagnostics, where);
}

std::vector<std::string> rest(const Cli& cli)
{
	return {cli.words.begin() + 3, cli.words.end()};
}

// Rows of text whose columns are as wide as the first thousand need.
class Rows {
public:
	explicit Rows(std::vector<std::string> heading) { add(std::move(heading)); }
	~Rows() { flush(); }

	void add(std::vector<std::string> row)
	{
		rows_.push_back(std::move(row));
		if (fixed_ || rows_.size() > 1000)
			flush();
	}

private:
	void flush()
	{
		for (const auto& row : rows_) {
			width_.resize(std::max(width_.size(), row.size()));
			for (std::size_t i = 0; i < row.size() && !fixed_; i++)
				width_[i] = std::max(width_[i], row[i].size());
		}
		for (const auto& row : rows_) {
			std::string line;
			for (std::size_t i = 0; i < row.size(); i++) {
				line += (i ? "  " : "") + row[i];
				if (i + 1 < row.size() && row[i].size() < width_[i])
					line.append(width_[i] - row[i].size(), ' ');
			}
			std::cout << line << "\n";
		}
		rows_.clear();
		fixed_ = true;
	}

	std::vector<std::vector<std::string>> rows_;
	std::vector<std::size_t> width_;
	bool fixed_ = false;
};

std::vector<std::string> heading(const Table& table)
{
	std::vector<std::string> names;
	if (table.cpus)
		names.emplace_back("cpu");
	for (const EntryField* field : shown_fields(table.layout))
		names.push_back(label(table.layout, *field));
	return names;
}

void add_rows(Rows& rows, const Table& table, const std::uint8_t* key, const std::uint8_t* value,
	      const statemaps::Moment& now)
{
	for (int cpu = 0; cpu < std::max(table.cpus, 1); cpu++) {
		std::vector<std::string> row;
		if (table.cpus)
			row.push_back(std::to_string(cpu));
		const std::uint8_t* one = value + static_cast<std::size_t>(cpu) * table.value_stride();
		for (const EntryField* field : shown_fields(table.layout))
			row.push_back(to_text(*field, field->in_key ? key : one, now));
		rows.add(std::move(row));
	}
}

bool all_zero(const Table& table, const std::uint8_t* value)
{
	return std::all_of(value, value + table.value_bytes(), [](std::uint8_t byte) { return byte == 0; });
}

int show(const Cli& cli)
{
	intent::Diagnostics diagnostics;
	auto bench = open_workbench(cli, Access::read, diagnostics);
	if (!bench)
		return refuse(cli, bench.error(), diagnostics);
	const Table& table = bench->table();
	const auto limit = cli.options["limit"].as<std::size_t>();
	std::size_t shown = 0;
	bool more = false;
	std::optional<Rows> rows;
	if (cli.as_json)
		std::cout << "{\n  \"name\": " << json(cli.words[1]) << ",\n  \"atom\": " << json(table.atom)
			  << ",\n  \"entries\": [";
	else
		rows.emplace(heading(table));
	auto walked = statemaps::walk(table, [&](const std::uint8_t* key, const std::uint8_t* value) -> Result<bool> {
		// The indices of an array are there from the start.
		if ((table.is_array() && all_zero(table, value)) || !bench->holds(table, bench->where, key, value))
			return true;
		if (limit && shown == limit) {
			more = true;
			return false;
		}
		if (cli.as_json)
			std::cout << (shown ? ",\n    " : "\n    ")
				  << entry_json(table, key, value, bench->now)
					 .dump(-1, ' ', false, json::error_handler_t::replace);
		else
			add_rows(*rows, table, key, value, bench->now);
		shown++;
		return true;
	});
	rows.reset();
	if (cli.as_json) {
		std::cout << (shown ? "\n  ],\n" : "],\n") << "  \"shown\": " << shown
			  << ",\n  \"more\": " << (more ? "true" : "false");
		if (!walked)
			std::cout << ",\n  \"error\": {\"code\": " << static_cast<int>(walked.error().kind)
				  << ", \"message\": " << json(walked.error().message)
				  << ", \"hint\": " << json(walked.error().hint) << "}";
		std::cout << ",\n  \"ok\": " << (walked ? "true" : "false") << "\n}\n";
		return walked ? 0 : static_cast<int>(walked.error().kind);
	}
	if (!walked)
		return report(cli, walked.error());
	if (more)
		std::cout << "and more: --limit " << limit << " ends here\n";
	return 0;
}

// One entry, as `get`, `set` say it.
void print_entry(const Cli& cli, const Workbench& bench, const Bytes& key, const Bytes& value, const json& also)
{
	const Table& table = bench.table();
	if (cli.as_json) {
		json answer = entry_json(table, key.data(), value.data(), bench.now);
		answer.update(also);
		answer["ok"] = true;
		answer["atom"] = table.atom;
		answer["name"] = cli.words[1];
		print_json(answer);
		return;
	}
	Rows rows(heading(table));
	add_rows(rows, table, key.data(), value.data(), bench.now);
}

Error no_entry(const Cli& cli, const Table& table)
{
	return {ErrorKind::intent, "there is no such entry in " + table.atom,
		"`nfup state show " + cli.words[1] + " " + table.atom + "` shows those there are"};
}

int get(const Cli& cli)
{
	intent::Diagnostics diagnostics;
	auto bench = open_workbench(cli, Access::read, diagnostics);
	if (!bench)
		return refuse(cli, bench.error(), diagnostics);
	auto key = statemaps::parse_key(bench->table(), rest(cli), bench->now);
	if (!key)
		return report(cli, key.error());
	auto value = bench->table().lookup(key->data());
	if (!value)
		return report(cli, value.error());
	if (!*value)
		return report(cli, no_entry(cli, bench->table()));
	print_entry(cli, *bench, *key, **value, json::object());
	return 0;
}

int set(const Cli& cli)
{
	const bool create = cli.options.count("create") > 0, existing = cli.options.count("existing") > 0;
	if (create && existing)
		return report(cli, {ErrorKind::intent, "--create and --existing exclude each other", ""});
	intent::Diagnostics diagnostics;
	auto bench = open_workbench(cli, Access::write, diagnostics);
	if (!bench)
		return refuse(cli, bench.error(), diagnostics);
	auto written = statemaps::set_entry(bench->table(), rest(cli),
					    create     ? statemaps::Require::absent
					    : existing ? statemaps::Require::present
						       : statemaps::Require::nothing,
					    bench->now);
	if (!written)
		return report(cli, written.error());
	if (written->created && bench->state.queue)
		if (auto pushed = statemaps::push_key(bench->state.queue->get(), written->key.data()); !pushed)
			return report(cli, pushed.error());
	if (auto refreshed = upgrade::refresh(bench->state); !refreshed)
		return report(cli, refreshed.error());
	print_entry(cli, *bench, written->key, written->value, {{"created", written->created}});
	return 0;
}

// The keys first, then the entries: to delete while walking may skip some.
Result<std::size_t> remove_matching(const Workbench& bench, const Table& table, const statemaps::Where& where)
{
	Bytes keys;
	auto walked = statemaps::walk(table, [&](const std::uint8_t* key, const std::uint8_t* value) -> Result<bool> {
		if (bench.holds(table, where, key, value))
			keys.insert(keys.end(), key, key + table.schema.key_size);
		return true;
	});
	if (!walked)
		return pass(walked);
	std::size_t removed = 0;
	for (std::size_t at = 0; at < keys.size(); at += table.schema.key_size) {
		auto done = table.remove(keys.data() + at);
		if (!done)
			return pass(done);
		removed += *done == Table::Write::done;
	}
	return removed;
}

// Entries that have not migrated yet first: one that a packet moves meanwhile is met in
// the other table.
Result<std::size_t> remove_matching(const Workbench& bench)
{
	std::size_t removed = 0;
	if (bench.state.old) {
		auto old =
		    remove_matching(bench, bench.state.old->table, bench.where_old ? *bench.where_old : bench.where);
		if (!old)
			return old;
		removed = *old;
	}
	auto own = remove_matching(bench, bench.table(), bench.where);
	if (own)
		*own += removed;
	return own;
}

Result<Table::Write> remove_key(const Workbench& bench, const std::uint8_t* key)
{
	auto before = bench.state.old ? bench.state.old->table.remove(key) : Table::Write::missing;
	if (!before)
		return before;
	auto own = bench.table().remove(key);
	return own && *before == Table::Write::done ? before : own;
}

int del(const Cli& cli)
{
	const auto words = rest(cli);
	const bool where = cli.options.count("where") > 0, all = cli.options.count("all") > 0;
	if ((words.empty() ? 0 : 1) + where + all != 1)
		return report(cli, {ErrorKind::intent, "del takes a key, or --where EXPR, or --all", ""});
	intent::Diagnostics diagnostics;
	auto bench = open_workbench(cli, Access::remove, diagnostics);
	if (!bench)
		return refuse(cli, bench.error(), diagnostics);
	const Table& table = bench->table();
	if (table.is_array())
		return report(cli, {ErrorKind::intent, table.atom + " is an array: its entries are there always",
				    "set the fields to 0 instead"});
	std::size_t removed = 0;
	if (words.empty()) {
		auto count = remove_matching(*bench);
		if (!count)
			return report(cli, count.error());
		removed = *count;
	} else {
		auto key = statemaps::parse_key(table, words, bench->now);
		if (!key)
			return report(cli, key.error());
		auto done = remove_key(*bench, key->data());
		if (!done)
			return report(cli, done.error());
		if (*done == Table::Write::missing)
			return report(cli, no_entry(cli, table));
		removed = 1;
	}
	if (auto refreshed = upgrade::refresh(bench->state); !refreshed)
		return report(cli, refreshed.error());
	if (cli.as_json)
		print_json({{"ok", true}, {"name", cli.words[1]}, {"atom", table.atom}, {"deleted", removed}});
	else
		std::cout << table.atom << ": " << removed << " deleted\n";
	return 0;
}

struct Verb {
	const char* name;
	const char* arguments;
	std::size_t min_words, max_words; // after `state`
	int (*run)(const Cli& cli);
};

constexpr std::size_t any = 1000;
constexpr Verb verbs[] = {
    {"list", "NF [ATOM…]", 2, any, list},
    {"show", "NF ATOM [--where EXPR] [--limit N]", 3, 3, show},
    {"get", "NF ATOM KEYFIELD=VALUE…", 4, any, get},
    {"set", "NF ATOM FIELD=VALUE… [--create|--existing]", 4, any, set},
    {"save", "NF FILE [ATOM…]", 3, any, run_state_save},
    {"restore", "NF FILE [ATOM…] [--overwrite]", 3, any, run_state_restore},
    {"send", "NF HOST:PORT [ATOM…] [--thaw]", 3, any, run_state_send},
    {"receive", "NF [ADDR:]PORT", 3, 3, run_state_receive},
    {"thaw", "NF", 2, 2, run_state_thaw},
    {"del", "NF ATOM KEYFIELD=VALUE…|--where EXPR|--all", 3, any, del},
};

} // namespace

int run_state(const Cli& cli)
{
	std::vector<std::string> names;
	for (const Verb& verb : verbs) {
		names.emplace_back(verb.name);
		if (cli.words[0] != verb.name)
			continue;
		if (cli.words.size() < verb.min_words || cli.words.size() > verb.max_words)
			return report(cli, {ErrorKind::intent,
					    std::string("wrong number of arguments for state ") + verb.name,
					    std::string("usage: nfup state ") + verb.name + " " + verb.arguments});
		return verb.run(cli);
	}
	return report(
	    cli, {ErrorKind::intent, "there is no command 'state " + cli.words[0] + "'", "state takes " + join(names)});
}

} // namespace nfup::tools
