// SPDX-License-Identifier: BSD-2-Clause
// An argument's text → the bytes of its rodata variable, by the parameter's
// type. docs/language.md lists the types.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "class_info.h"

namespace nfup::intent {

using Bytes = std::vector<std::uint8_t>;

// What one of the class's tables (NFUP_TABLE) holds, by the table's name: keys
// and values as in the map, one behind the other; an array has values only.
struct TableContent {
	std::string name;
	Bytes bytes;
};

// Exactly param.size bytes, or why the text is no such value. Not for `device`
// and list types, which need more than one text.
std::expected<Bytes, std::string> encode_value(const Param& param, const std::string& text);

} // namespace nfup::intent
