// SPDX-License-Identifier: BSD-2-Clause
// What the texts of a list parameter are compiled to, or why they cannot be.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "values.h"

namespace nfup::intent {

struct ListContent {
	Bytes constant;                   // the parameter's own bytes
	std::vector<TableContent> tables; // of the class
	int outputs = -1;                 // that the list stands for; -1: none
};

struct ListMistake {
	std::string message;
	std::string hint;
	std::size_t element = 0; // which text
};

// As the program finds it in memory.
template <class T> void append_record(Bytes& out, const T& record)
{
	const auto* bytes = reinterpret_cast<const std::uint8_t*>(&record);
	out.insert(out.end(), bytes, bytes + sizeof record);
}

} // namespace nfup::intent
