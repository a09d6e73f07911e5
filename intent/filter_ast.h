// SPDX-License-Identifier: BSD-2-Clause
// A filter expression once it is parsed: tests on the fields of struct
// filter_key, joined by and, or, not. Shorthands are written out, so that a
// later pass needs to know nothing of the language.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace nfup::intent {

using Number = unsigned __int128; // wide enough for an IPv6 address

enum class FilterField {
	source,
	destination,
	source_port,
	destination_port,
	protocol,
	traits,
	icmp_type,
	icmp_code,
	tcp_flags,
	ttl,
	tos,
	dscp,
	ecn,
	header_length,
	id,
	window,
	length,
};

constexpr unsigned bits_of(FilterField field)
{
	switch (field) {
	case FilterField::source:
	case FilterField::destination:
		return 128;
	case FilterField::source_port:
	case FilterField::destination_port:
	case FilterField::id:
	case FilterField::window:
	case FilterField::length:
		return 16;
	case FilterField::dscp:
		return 6;
	case FilterField::header_length:
		return 4;
	case FilterField::ecn:
		return 2;
	default:
		return 8;
	}
}

constexpr Number full_mask(FilterField field)
{
	return bits_of(field) == 128 ? ~Number{0} : (Number{1} << bits_of(field)) - 1;
}

// The others are negations of these.
enum class Relation { equal, less, greater, between };

// Holds when (field & mask) RELATION value; between: value ≤ field ≤ high.
struct FilterTest {
	FilterField field{};
	Relation relation = Relation::equal;
	Number mask = 0;
	Number value = 0;
	Number high = 0;
};

struct FilterExpr {
	enum class Kind { test, all, any, negation };
	Kind kind = Kind::all;
	FilterTest test{};
	std::vector<FilterExpr> parts; // one for a negation; all of none is true, any of none is false
};

inline FilterExpr test_of(FilterField field, Relation relation, Number mask, Number value)
{
	return {FilterExpr::Kind::test, {field, relation, mask, value, 0}, {}};
}

inline FilterExpr range_of(FilterField field, Number low, Number high)
{
	return {FilterExpr::Kind::test, {field, Relation::between, full_mask(field), low, high}, {}};
}

inline FilterExpr all_of(std::vector<FilterExpr> parts)
{
	return {FilterExpr::Kind::all, {}, std::move(parts)};
}

inline FilterExpr any_of(std::vector<FilterExpr> parts)
{
	return {FilterExpr::Kind::any, {}, std::move(parts)};
}

inline FilterExpr not_of(FilterExpr part)
{
	FilterExpr out{FilterExpr::Kind::negation, {}, {}};
	out.parts.push_back(std::move(part));
	return out;
}

} // namespace nfup::intent
