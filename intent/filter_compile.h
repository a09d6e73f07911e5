// SPDX-License-Identifier: BSD-2-Clause
// Rules → the tables that bpf/lib/filter_search.h searches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>
#include <vector>

#include "bpf/lib/filter.h"
#include "filter_rules.h"

namespace nfup::intent {

struct FilterTables {
	filter_program program{};
	std::vector<filter_shape> shapes;
	std::vector<std::pair<filter_key, filter_entry>> entries;
	std::vector<std::size_t> idle; // rules that no packet can meet
};

// Error: more than FILTER_MAX_ENTRIES entries or FILTER_MAX_SHAPES shapes, and
// the rule that was one too many.
std::expected<FilterTables, FilterMistake> compile_rules(const FilterRules& rules);

// As the maps `filter_shapes` (array) and `filter_entries` (hash: key, value)
// want them: records one behind the other.
std::vector<std::uint8_t> shape_bytes(const FilterTables& tables);
std::vector<std::uint8_t> entry_bytes(const FilterTables& tables);

} // namespace nfup::intent
