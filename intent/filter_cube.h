// SPDX-License-Identifier: BSD-2-Clause
// Cubes: sets of filter keys given by the bits that are fixed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "bpf/lib/filter.h"
#include "filter_ast.h"

namespace nfup::intent {

using KeyWords = std::array<std::uint64_t, sizeof(filter_key) / 8>;

struct Cube {
	KeyWords mask{};  // the bits that are fixed
	KeyWords value{}; // what they are; no bit outside mask
	bool operator==(const Cube&) const = default;
};

// Keys that are in both; none: there are none.
std::optional<Cube> intersect(const Cube& a, const Cube& b);

bool covers(const Cube& outer, const Cube& inner);

// No bit fixed by `mask` that is not fixed by `by`.
bool within(const KeyWords& mask, const KeyWords& by);

// The keys for which the test holds (or does not), as few cubes as its bits
// allow, no two of which overlap.
std::vector<Cube> cubes_of(const FilterTest& test, bool negated);

} // namespace nfup::intent
