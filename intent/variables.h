// SPDX-License-Identifier: BSD-2-Clause
// $x, ${x} and ${x-default} in configuration strings.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace nfup::intent {

// The text that stands for a name; none when it is not defined.
using VariableLookup = std::function<std::optional<std::string>(const std::string& name)>;
using VariableMissing = std::function<void(const std::string& name)>;

// References in single quotes stay. One that is not defined stays too, after a
// call of `missing`.
std::string expand_variables(std::string_view text, const VariableLookup& lookup, const VariableMissing& missing);

} // namespace nfup::intent
