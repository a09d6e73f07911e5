// SPDX-License-Identifier: BSD-2-Clause
#include "filter_compile.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "filter_cube.h"
#include "filter_expand.h"

namespace nfup::intent {

namespace {

struct Ranked {
	Cube cube;
	unsigned action;
	std::size_t rule;
};

// A shape costs every packet a look-up, an entry only memory.
constexpr std::size_t shape_cost = 64;

struct WordsHash {
	std::size_t operator()(const KeyWords& words) const
	{
		std::uint64_t hash = 0;
		for (const std::uint64_t word : words)
			hash = (hash ^ word) * 0x9e3779b97f4a7c15u, hash ^= hash >> 29;
		return hash;
	}
};

// Builds the list from the last rule to the first, so that where a rule does
// not hold, what holds instead is known. Last entry first.
class List {
public:
	explicit List(const FilterRules& rules) : rules_(rules) {}
	std::expected<std::vector<Ranked>, FilterMistake> run();

private:
	using Piece = std::vector<Ranked>;
	std::optional<Piece> expanded(std::size_t rule) const;
	std::optional<Piece> decided(std::size_t rule, bool& final) const;
	std::size_t cost(const Piece& piece) const;

	const FilterRules& rules_;
	std::vector<Ranked> reversed_;
	std::set<KeyWords> shapes_;
};

std::size_t List::cost(const Piece& piece) const
{
	std::set<KeyWords> fresh;
	for (const Ranked& entry : piece)
		if (!shapes_.contains(entry.cube.mask))
			fresh.insert(entry.cube.mask);
	return piece.size() + shape_cost * fresh.size();
}

std::optional<List::Piece> List::expanded(std::size_t rule) const
{
	const auto cubes = expand(rules_.rules[rule].expr, FILTER_MAX_ENTRIES);
	if (!cubes)
		return {};
	Piece out;
	for (const Cube& cube : *cubes)
		out.push_back({cube, rules_.rules[rule].action, rule});
	return out;
}

// `final`: the rule has a verdict for every packet; later ones are not met.
std::optional<List::Piece> List::decided(std::size_t rule, bool& final) const
{
	const auto decisions = decide(rules_.rules[rule].expr, FILTER_MAX_ENTRIES);
	if (!decisions)
		return {};
	Piece out;
	for (const Decision& decision : decisions->list) {
		if (decision.holds) {
			out.push_back({decision.cube, rules_.rules[rule].action, rule});
			continue;
		}
		// The rule fails in this cube: there the later rules come first.
		for (auto later = reversed_.rbegin(); later != reversed_.rend(); ++later)
			if (const auto both = intersect(decision.cube, later->cube)) {
				out.push_back({*both, later->action, later->rule});
				if (out.size() > FILTER_MAX_ENTRIES)
					return {};
				if (both->mask == decision.cube.mask)
					break; // all of the cube is decided
			}
		if (out.empty() || !covers(out.back().cube, decision.cube))
			out.push_back({decision.cube, FILTER_NO_MATCH, rule});
	}
	final = decisions->otherwise;
	if (final)
		out.push_back({Cube{}, rules_.rules[rule].action, rule});
	return out;
}

std::expected<std::vector<Ranked>, FilterMistake> List::run()
{
	for (std::size_t rule = rules_.rules.size(); rule-- > 0;) {
		bool final = false;
		auto piece = decided(rule, final);
		const bool plain = piece && std::ranges::all_of(*piece, [&](const Ranked& e) {
					   return e.rule == rule && e.action == rules_.rules[rule].action;
				   });
		if (!plain)
			if (auto other = expanded(rule); other && (!piece || cost(*other) < cost(*piece))) {
				piece = std::move(other);
				final = false;
			}
		if (!piece || (final ? 0 : reversed_.size()) + piece->size() > FILTER_MAX_ENTRIES)
			return std::unexpected(FilterMistake{
			    rule_name(rule, rules_.rules[rule].text) + " takes the table past " +
				std::to_string(FILTER_MAX_ENTRIES) + " entries",
			    "`or` inside `and`, `not` and port ranges multiply: split the rule in several, or turn a "
			    "negation into a rule of its own in front",
			    rule});
		if (final) {
			reversed_.clear();
			shapes_.clear();
		}
		reversed_.insert(reversed_.end(), piece->rbegin(), piece->rend());
		for (const Ranked& entry : *piece)
			shapes_.insert(entry.cube.mask);
	}
	return std::vector<Ranked>(reversed_.rbegin(), reversed_.rend());
}

struct Shape {
	KeyWords mask{};
	std::uint32_t best = 0;
	std::size_t rule = 0; // that needed it first
	std::unordered_map<KeyWords, filter_entry, WordsHash> entries;
};

filter_key key_of(const KeyWords& words)
{
	filter_key out;
	std::memcpy(&out, words.data(), sizeof out);
	return out;
}

__u32 looks_at(const filter_key& mask)
{
	const bool header = mask.ttl || mask.tos || mask.version_hl || mask.id || mask.length;
	const bool transport =
	    mask.icmp_type || mask.icmp_code || mask.tcp_flags || mask.window || (mask.traits & FILTER_TRANSPORT);
	const bool addresses =
	    std::ranges::any_of(mask.saddr, std::identity{}) || std::ranges::any_of(mask.daddr, std::identity{});
	return (header ? FILTER_LOOKS_HEADER : 0) | (transport ? FILTER_LOOKS_TRANSPORT : 0) |
	       (addresses ? FILTER_LOOKS_ADDRESSES : 0);
}

// Is all of the cube decided by entries that come before?
bool is_covered(const std::vector<Shape>& shapes, const Cube& cube)
{
	for (const Shape& shape : shapes) {
		if (!within(shape.mask, cube.mask))
			continue;
		KeyWords value = cube.value;
		for (std::size_t i = 0; i < value.size(); ++i)
			value[i] &= shape.mask[i];
		if (shape.entries.contains(value))
			return true;
	}
	return false;
}

// A look-up costs as much as a few comparisons.
constexpr std::size_t few_entries = 4;

// Takes shapes of few entries apart: each entry is a shape then.
std::vector<Shape> taken_apart(const std::vector<Shape>& shapes)
{
	std::vector<Shape> out;
	for (const Shape& shape : shapes) {
		if (shape.entries.size() > few_entries) {
			out.push_back(shape);
			continue;
		}
		// In an order that does not hang on the hash table's.
		const std::map<KeyWords, filter_entry> sorted(shape.entries.begin(), shape.entries.end());
		for (const auto& [value, entry] : sorted)
			out.push_back({shape.mask, entry.rank, shape.rule, {{value, entry}}});
	}
	return out.size() <= FILTER_MAX_SHAPES ? out : shapes;
}

template <class T> void append(std::vector<std::uint8_t>& out, const T& record)
{
	const auto* bytes = reinterpret_cast<const std::uint8_t*>(&record);
	out.insert(out.end(), bytes, bytes + sizeof record);
}

} // namespace

std::expected<FilterTables, FilterMistake> compile_rules(const FilterRules& rules)
{
	const auto list = List(rules).run();
	if (!list)
		return std::unexpected(list.error());

	std::vector<Shape> shapes;
	std::unordered_map<KeyWords, std::size_t, WordsHash> index;
	std::set<std::size_t> met;
	std::uint32_t rank = 0;
	unsigned action = list->empty() ? 0 : list->front().action, otherwise = FILTER_NO_MATCH;
	for (const Ranked& entry : *list) {
		// Neighbours that do the same may be met in any order.
		if (entry.action != action)
			++rank;
		action = entry.action;
		if (is_covered(shapes, entry.cube))
			continue;
		if (entry.cube == Cube{}) {
			// All packets that are left: no look-up is needed, nothing comes after.
			otherwise = entry.action;
			met.insert(entry.rule);
			break;
		}
		const auto [at, fresh] = index.try_emplace(entry.cube.mask, shapes.size());
		if (fresh) {
			if (shapes.size() == FILTER_MAX_SHAPES)
				return std::unexpected(FilterMistake{
				    rule_name(entry.rule, rules.rules[entry.rule].text) + " needs look-up " +
					std::to_string(FILTER_MAX_SHAPES + 1) + " for a packet; there can be " +
					std::to_string(FILTER_MAX_SHAPES),
				    "rules that test the same fields with the same prefix lengths share a look-up; "
				    "ranges and `!=` need several",
				    entry.rule});
			shapes.push_back({entry.cube.mask, rank, entry.rule, {}});
		}
		shapes[at->second].entries.emplace(entry.cube.value, filter_entry{rank, entry.action});
		if (entry.action != FILTER_NO_MATCH)
			met.insert(entry.rule);
	}

	shapes = taken_apart(shapes);
	// The best first; among equals the one that most packets will be found in.
	std::ranges::stable_sort(shapes, [](const Shape& a, const Shape& b) {
		return a.best != b.best ? a.best < b.best : a.entries.size() > b.entries.size();
	});
	FilterTables out;
	out.program = {static_cast<__u32>(shapes.size()), rules.outputs, 0, otherwise};
	for (std::size_t i = 0; i < shapes.size(); ++i) {
		out.shapes.push_back({key_of(shapes[i].mask), {}, shapes[i].best, FILTER_HASHED, 0});
		out.program.looks |= looks_at(out.shapes.back().mask);
		if (shapes[i].entries.size() == 1) {
			out.shapes.back().value = key_of(shapes[i].entries.begin()->first);
			out.shapes.back().action = shapes[i].entries.begin()->second.action;
			continue;
		}
		for (const auto& [value, entry] : shapes[i].entries) {
			filter_key key = key_of(value);
			key.shape = static_cast<__u16>(i);
			out.entries.emplace_back(key, entry);
		}
	}
	// An order that does not hang on the hash table's, so that equal rules give equal bytes.
	std::ranges::sort(out.entries, [](const auto& a, const auto& b) {
		return std::memcmp(&a.first, &b.first, sizeof a.first) < 0;
	});
	for (std::size_t rule = 0; rule < rules.rules.size(); ++rule)
		if (!met.contains(rule))
			out.idle.push_back(rule);
	return out;
}

std::vector<std::uint8_t> shape_bytes(const FilterTables& tables)
{
	std::vector<std::uint8_t> out;
	for (const filter_shape& shape : tables.shapes)
		append(out, shape);
	return out;
}

std::vector<std::uint8_t> entry_bytes(const FilterTables& tables)
{
	std::vector<std::uint8_t> out;
	for (const auto& [key, entry] : tables.entries) {
		append(out, key);
		append(out, entry);
	}
	return out;
}

} // namespace nfup::intent
