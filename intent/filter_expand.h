// SPDX-License-Identifier: BSD-2-Clause
// Filter expressions as cubes, two ways. `expand`: as a union of cubes, where
// negations are multiplied out. `decide`: as a list of cubes with a verdict
// each, the first that has a packet decides; a negation only turns verdicts.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "filter_ast.h"
#include "filter_cube.h"

namespace nfup::intent {

struct Decision {
	Cube cube;
	bool holds;
};

struct Decisions {
	std::vector<Decision> list;
	bool otherwise = false; // for packets in none of them
};

// None: more than `limit` cubes.
std::optional<std::vector<Cube>> expand(const FilterExpr& expr, std::size_t limit);
std::optional<Decisions> decide(const FilterExpr& expr, std::size_t limit);

} // namespace nfup::intent
