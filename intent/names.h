// SPDX-License-Identifier: BSD-2-Clause
// What may be the name of an element or of a class, in both forms.
#pragma once

#include <string>
#include <string_view>

namespace nfup::intent {

// Why `name` cannot name an element; empty when it can. Names are Click's:
// letters, digits, `_`, `@`, in parts between slashes, each with a non-digit.
std::string element_name_error(std::string_view name);

// Classes are the same without `@`, which parts a class from a number.
std::string class_name_error(std::string_view name);

} // namespace nfup::intent
