// SPDX-License-Identifier: BSD-2-Clause
#include "migration_plan.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <chrono>
#include <optional>
#include <set>

#include "clock.h"
#include "draft.h"
#include "intent/hash.h"
#include "loader/bpffs.h"
#include "loader/program.h"
#include "loader/tags.h"
#include "statemaps/conversion.h"
#include "statemaps/fill.h"
#include "statemaps/queue.h"
#include "statemaps/sweep.h"
#include "swap.h"

namespace nfup::upgrade {

namespace {

using statemaps::Schema;

std::string list(const std::vector<std::filesystem::path>& folders)
{
	std::string text;
	for (const auto& folder : folders)
		text += (text.empty() ? "" : ", ") + folder.string();
	return text;
}

std::string indent(const std::vector<std::string>& lines)
{
	std::string text;
	for (const auto& line : lines)
		text += "\n  " + line;
	return text;
}

// Objects are kept under the names that the cache gave them, by content.
loader::Object kept_object(const std::string& path)
{
	return {path, std::filesystem::path(path).stem(), false, 0};
}

// The maps of kept generations that entries of `map` were moved to or came from.
std::set<std::uint32_t> related_maps(const std::string& atom, std::uint32_t map, const std::map<int, Generation>& kept)
{
	std::set<std::uint32_t> related = {map};
	for (bool grown = true; std::exchange(grown, false);)
		for (const auto& [number, generation] : kept) {
			const StateRecord* own = generation.find_state(atom);
			for (const Way& way : generation.ways) {
				if (!own || way.atom != atom ||
				    related.contains(own->map_id) == related.contains(way.map))
					continue;
				related.insert({own->map_id, way.map});
				grown = true;
			}
		}
	return related;
}

Result<std::vector<statemaps::Converter>> read_converters(const std::string& atom, const loader::Library& library,
							  const std::filesystem::path& file)
{
	auto object = library.compile_text(statemaps::reader_source(file));
	if (!object)
		return pass(object);
	auto types = loader::read_btf(object->path);
	if (!types)
		return pass(types);
	return statemaps::converters_of(types->get(), atom);
}

Wording in_upgrade(const std::string& atom)
{
	return {"has another schema than the new programs expect",
		"or lose the entries on purpose with --drop-state " + atom};
}

Result<void> add_ways(Move& move, std::uint32_t old_id, const Schema& wanted, const std::map<int, Generation>& kept,
		      const loader::Library& library)
{
	for (const std::uint32_t id : related_maps(move.atom, old_id, kept)) {
		auto map = loader::find_map(id);
		if (!map)
			return pass(map);
		if (!*map) // of a generation that is reclaimed
			continue;
		auto schema = statemaps::schema_of((*map)->get());
		if (!schema)
			return pass(schema);
		Way way{move.atom, id, {}, {}, "", schema->hash()};
		if (auto here = plan_conversion(move.atom, *schema, wanted, library, false, in_upgrade(move.atom)))
			way.here = std::move(*here);
		if (auto back = plan_conversion(move.atom, wanted, *schema, library, false, in_upgrade(move.atom)))
			way.back = std::move(*back);
		else
			way.missing = back.error().message;
		move.ways.push_back(std::move(way));
	}
	return {};
}

} // namespace

Result<Conversion> plan_conversion(const std::string& atom, const Schema& from, const Schema& to,
				   const loader::Library& library, bool dry, const Wording& wording)
{
	if (statemaps::is_queue(atom) && from.type == to.type && from.value_size == to.value_size)
		return Conversion{}; // of keys: they are handed on one by one
	const auto refuse = [&](const std::string& reason, const std::string& hint) {
		return fail(ErrorKind::refused,
			    "the state " + atom + " " + wording.schemas + ":" +
				indent(statemaps::differences(from, to)) + "\nand " + reason,
			    hint + ", " + wording.otherwise);
	};
	if (const std::string obstacle = statemaps::obstacle(from, to); !obstacle.empty())
		return refuse("its entries cannot be moved: " + obstacle, "keep what they need");
	const auto before = statemaps::value_layout(from), after = statemaps::value_layout(to);
	const auto file = library.converters(atom);
	std::vector<statemaps::Converter> way;
	if (before != after) {
		if (!file)
			return refuse("there is no " + atom + ".migrate.h that says how to convert it; looked in " +
					  list(library.converter_folders()),
				      "write it (docs/state.md), keep the layout");
		auto converters = read_converters(atom, library, *file);
		if (!converters)
			return pass(converters);
		auto found = statemaps::find_way(*converters, before, after);
		if (!found) {
			std::string known;
			for (const auto& converter : *converters)
				known += (known.empty() ? "" : ", ") + converter.from_type + " to " + converter.to_type;
			return refuse("no converter in " + file->string() + " leads there; it has " +
					  (known.empty() ? "none" : known),
				      "add one whose structs have these very fields");
		}
		way = std::move(*found);
	}
	if (dry)
		return Conversion{};
	auto converter = library.compile_text(statemaps::converter_source(atom, file.value_or(""), way, to.value_size));
	if (!converter)
		return pass(converter);
	auto sweeper = library.compile_text(statemaps::sweeper_source(atom, to));
	if (!sweeper)
		return pass(sweeper);
	auto linked = library.link("sweeper", {&*sweeper, &*converter});
	if (!linked)
		return pass(linked);
	return Conversion{converter->path, linked->path};
}

Result<Move> plan_move(const std::string& atom, Fd old, const Schema& wanted, const std::map<int, Generation>& kept,
		       const loader::Library& library, bool dry)
{
	auto present = statemaps::schema_of(old.get());
	if (!present)
		return pass(present);
	auto conversion = plan_conversion(atom, *present, wanted, library, dry, in_upgrade(atom));
	if (!conversion)
		return pass(conversion);
	if (wanted.max_entries < present->max_entries && !statemaps::is_queue(atom)) {
		auto entries = statemaps::count_entries(old.get());
		if (!entries)
			return pass(entries);
		if (*entries > wanted.max_entries)
			return fail(
			    ErrorKind::refused,
			    "the state " + atom + " has " + std::to_string(*entries) +
				" entries, and the new one has room for " + std::to_string(wanted.max_entries),
			    "ask for more room, delete entries (nfup state del), or lose all with --drop-state " +
				atom);
	}
	Move move{atom, std::move(old), std::move(*conversion), {}};
	if (dry)
		return move;
	if (auto added = add_ways(move, loader::map_id(move.old.get()), wanted, kept, library); !added)
		return pass(added);
	return move;
}

Result<std::vector<Move>> moves_back(const Generation& running, const Generation& target)
{
	std::vector<Move> moves;
	for (const StateRecord& wanted : target.state) {
		const StateRecord* present = running.find_state(wanted.atom);
		if (!present || present->map_id == wanted.map_id)
			continue;
		const auto between = [&](const Generation& generation, std::uint32_t other) {
			const auto way = std::ranges::find_if(
			    generation.ways, [&](const Way& w) { return w.atom == wanted.atom && w.map == other; });
			return way == generation.ways.end() ? nullptr : &*way;
		};
		const Way* back = between(running, wanted.map_id);
		const Way* again = back ? nullptr : between(target, present->map_id);
		if (!back && !again)
			continue; // one of them was started empty: each has entries of its own
		const Conversion& conversion = back ? back->back : again->here;
		if (conversion.converter.empty() && !statemaps::is_queue(wanted.atom))
			return fail(
			    ErrorKind::refused,
			    "generation " + std::to_string(target.number) + " has another layout of the state " +
				wanted.atom + ", and its entries cannot be converted back: " +
				(back ? back->missing : "no converter was there when it was made"),
			    "write the converter and upgrade to that intent instead (docs/state.md), or lose the "
			    "entries on purpose: upgrade with --drop-state " +
				wanted.atom);
		auto old = loader::open_map(present->map_id);
		if (!old)
			return pass(old);
		moves.push_back({wanted.atom, std::move(*old), conversion, {}});
	}
	return moves;
}

Result<void> add_moves(Generation& draft, const std::vector<Move>& moves, const std::map<std::string, Fd>& maps,
		       loader::Library& library)
{
	if (moves.empty())
		return {};
	std::map<std::string, loader::Object> converters; // of every state
	Hasher from;
	for (const auto& [atom, fd] : maps) {
		const auto move = std::ranges::find(moves, atom, &Move::atom);
		if (move != moves.end()) {
			converters.emplace(atom, kept_object(move->conversion.converter));
			const std::uint32_t id = loader::map_id(move->old.get());
			if (id == 0)
				return fail(ErrorKind::system,
					    "cannot tell the id of the old map of the state " + atom);
			draft.migrations.push_back({atom, id, move->conversion.sweeper});
			from.add(atom).add(id);
			for (Way way : move->ways)
				draft.ways.push_back(std::move(way));
			continue;
		}
		if (statemaps::is_queue(atom))
			continue;
		auto schema = statemaps::schema_of(fd.get());
		if (!schema)
			return pass(schema);
		auto identity = library.compile_text(statemaps::converter_source(atom, "", {}, schema->value_size));
		if (!identity)
			return pass(identity);
		converters.emplace(atom, std::move(*identity));
	}
	const std::string origin = from.hex();
	for (GenerationNode& node : draft.nodes) {
		if (std::ranges::none_of(node.state, [&](const std::string& atom) {
			    return !statemaps::is_queue(atom) &&
				   std::ranges::find(moves, atom, &Move::atom) != moves.end();
		    }))
			continue;
		const auto settling = draft.settling.find(node.cls);
		if (settling == draft.settling.end()) {
			auto made = library.settling(node.cls);
			return fail(ErrorKind::refused,
				    "class " + node.cls + " cannot take part in a migration" +
					(made ? std::string(": its generation was made without what it takes")
					      : ":\n" + made.error().message),
				    "reach states by state_lookup, state_insert and state_delete alone (bpf/state.h)");
		}
		const loader::Object own = kept_object(settling->second);
		std::vector<const loader::Object*> parts = {&own};
		for (const std::string& atom : node.state)
			if (!statemaps::is_queue(atom))
				parts.push_back(&converters.at(atom));
		auto linked = library.link(node.cls, parts);
		if (!linked)
			return pass(linked);
		draft.plain.push_back({node.name, node.object, node.identity});
		node.object = linked->path;
		node.identity = Hasher().add(node.identity).add("settling").add(origin).hex();
	}
	return {};
}

void inherit_ways(Generation& draft, const Generation& running)
{
	for (const Way& way : running.ways) {
		const StateRecord* before = running.find_state(way.atom);
		const StateRecord* now = draft.find_state(way.atom);
		if (before && now && before->map_id == now->map_id)
			draft.ways.push_back(way);
	}
}

void add_old_maps(std::map<std::string, int>& maps, const Generation& draft, const std::vector<Move>& moves)
{
	for (const StateRecord& state : draft.state) {
		const auto move = std::ranges::find(moves, state.atom, &Move::atom);
		const int own = maps.at(state.atom);
		maps[state.atom + "__to"] = own;
		maps[state.atom + "__from"] = move == moves.end() ? own : move->old.get();
	}
}

} // namespace nfup::upgrade
