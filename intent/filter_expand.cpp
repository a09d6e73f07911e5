// SPDX-License-Identifier: BSD-2-Clause
#include "filter_expand.h"

#include <algorithm>
#include <utility>

namespace nfup::intent {

namespace {

using Kind = FilterExpr::Kind;
using Cubes = std::vector<Cube>;

// Cubes inside others go; not for long lists, where it would take too long.
void simplify(Cubes& cubes)
{
	constexpr std::size_t most = 400;
	if (cubes.size() > most)
		return;
	Cubes out;
	for (std::size_t i = 0; i < cubes.size(); ++i) {
		bool inside = false;
		for (std::size_t j = 0; j < cubes.size() && !inside; ++j)
			inside = i != j && covers(cubes[j], cubes[i]) && (cubes[i] != cubes[j] || j < i);
		if (!inside)
			out.push_back(cubes[i]);
	}
	cubes = std::move(out);
}

std::optional<Cubes> product(const Cubes& a, const Cubes& b, std::size_t limit)
{
	constexpr std::size_t most_pairs = 1 << 24; // about a second
	Cubes out;
	if (a.size() * b.size() > most_pairs)
		return {};
	for (const Cube& x : a)
		for (const Cube& y : b)
			if (const auto both = intersect(x, y)) {
				if (out.size() == limit)
					return {};
				out.push_back(*both);
			}
	simplify(out);
	return out;
}

std::optional<Cubes> expand(const FilterExpr& expr, bool negated, std::size_t limit)
{
	if (expr.kind == Kind::test)
		return cubes_of(expr.test, negated);
	if (expr.kind == Kind::negation)
		return expand(expr.parts[0], !negated, limit);

	const bool all = (expr.kind == Kind::all) != negated;
	Cubes out;
	if (all)
		out.push_back({});
	for (const FilterExpr& part : expr.parts) {
		auto cubes = expand(part, negated, limit);
		if (!cubes)
			return {};
		if (all) {
			auto both = product(out, *cubes, limit);
			if (!both)
				return {};
			out = *std::move(both);
		} else {
			if (out.size() + cubes->size() > limit)
				return {};
			out.insert(out.end(), cubes->begin(), cubes->end());
		}
	}
	if (!all)
		simplify(out);
	return out;
}

// Only cubes in which it holds, or only ones in which it does not.
bool uniform(const Decisions& d)
{
	return std::ranges::all_of(d.list, [&](const Decision& e) { return e.holds != d.otherwise; });
}

Cubes cubes_in(const Decisions& d)
{
	Cubes out;
	for (const Decision& e : d.list)
		out.push_back(e.cube);
	return out;
}

Decisions of_cubes(const Cubes& cubes, bool holds)
{
	Decisions out;
	out.otherwise = !holds;
	for (const Cube& cube : cubes)
		out.list.push_back({cube, holds});
	return out;
}

Decisions opposite(Decisions d)
{
	d.otherwise = !d.otherwise;
	for (Decision& e : d.list)
		e.holds = !e.holds;
	return d;
}

std::optional<Decisions> both(const Decisions& a, const Decisions& b, std::size_t limit)
{
	if (uniform(a) && uniform(b) && a.otherwise == b.otherwise) {
		Cubes x = cubes_in(a);
		const Cubes y = cubes_in(b);
		if (!a.otherwise) {
			auto cubes = product(x, y, limit);
			if (!cubes)
				return {};
			return of_cubes(*cubes, true);
		}
		x.insert(x.end(), y.begin(), y.end());
		if (x.size() > limit)
			return {};
		simplify(x);
		return of_cubes(x, false);
	}
	// Where `a` holds, `b` decides.
	Decisions out;
	const auto follow = [&](const Cube& cube) {
		for (const Decision& e : b.list)
			if (const auto narrow = intersect(cube, e.cube))
				out.list.push_back({*narrow, e.holds});
	};
	for (const Decision& e : a.list) {
		if (e.holds) {
			follow(e.cube);
			out.list.push_back({e.cube, b.otherwise});
		} else {
			out.list.push_back(e);
		}
		if (out.list.size() > limit)
			return {};
	}
	if (a.otherwise)
		follow({});
	out.otherwise = a.otherwise && b.otherwise;
	while (!out.list.empty() && out.list.back().holds == out.otherwise)
		out.list.pop_back();
	return out;
}

} // namespace

std::optional<std::vector<Cube>> expand(const FilterExpr& expr, std::size_t limit)
{
	return expand(expr, false, limit);
}

std::optional<Decisions> decide(const FilterExpr& expr, std::size_t limit)
{
	if (expr.kind == Kind::test) {
		// The side with fewer cubes is written down.
		Cubes holds = cubes_of(expr.test, false), fails = cubes_of(expr.test, true);
		return holds.size() <= fails.size() ? of_cubes(holds, true) : of_cubes(fails, false);
	}
	if (expr.kind == Kind::negation) {
		auto part = decide(expr.parts[0], limit);
		if (!part)
			return {};
		return opposite(*std::move(part));
	}
	// a or b = not (not a and not b)
	const bool all = expr.kind == Kind::all;
	std::vector<Decisions> parts;
	for (const FilterExpr& part : expr.parts) {
		auto one = decide(part, limit);
		if (!one)
			return {};
		parts.push_back(all ? *std::move(one) : opposite(*std::move(one)));
	}
	// Sets of cubes first: what follows is then confined to them.
	std::ranges::stable_partition(parts, [](const Decisions& d) { return uniform(d) && !d.otherwise; });
	Decisions out;
	out.otherwise = true;
	for (const Decisions& part : parts) {
		auto next = both(out, part, limit);
		if (!next)
			return {};
		out = *std::move(next);
	}
	return all ? out : opposite(std::move(out));
}

} // namespace nfup::intent
