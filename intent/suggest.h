// SPDX-License-Identifier: BSD-2-Clause
// "Did you mean …": names near a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nfup::intent {

// Up to three of `names`, nearest first, by edit distance without regard to
// case; empty when none is near.
std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& names);

// "did you mean Strip or StripX?", or "" when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

} // namespace nfup::intent
