// SPDX-License-Identifier: BSD-2-Clause
// One primitive of a filter expression, `src tcp port & 10 == 8`, as written.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "filter_ast.h"
#include "filter_names.h"

namespace nfup::intent {

enum class FilterType {
	none,
	host,
	net,
	port,
	proto,
	opt,
	frag,
	unfrag,
	vers,
	hl,
	id,
	tos,
	dscp,
	ect,
	ce,
	ttl,
	win,
	type,
	code,
	len,
};

enum class Direction { none, src, dst, either, both };

constexpr int tcp_or_udp = 256; // beside the IP protocol numbers

// What stands in front of the value, and what a bare value after it inherits.
struct Qualifiers {
	Direction direction = Direction::none;
	FilterType type = FilterType::none;
	int proto = -1; // -1: none was named
	bool empty() const { return direction == Direction::none && type == FilterType::none && proto < 0; }
};

struct Operand {
	std::string text;
	std::size_t at = 0;
};

struct Primitive {
	std::size_t at = 0;
	Qualifiers what;
	std::optional<Operand> mask;
	std::string relation; // empty: ==
	std::optional<Operand> value;
	std::optional<Operand> netmask; // net ADDR mask MASK
};

// The type word by itself: `port`, `ttl`.
std::optional<FilterType> type_of(const std::string& word);
const char* name_of(FilterType type);

// Names of values of this type, if it has any.
std::optional<FilterName> names_for(FilterType type, int proto);
// A number or one of those names.
std::optional<Number> value_of(FilterType type, int proto, const std::string& word);
// 1000-2000
std::optional<std::pair<Number, Number>> port_range(const std::string& word);

// Could `word` be the value of this type?
bool fits(FilterType type, int proto, const std::string& word);

// The type that a value without one must have; none when nothing fits.
FilterType infer_type(const Qualifiers& what, const std::string& word);

} // namespace nfup::intent
