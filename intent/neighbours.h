// SPDX-License-Identifier: BSD-2-Clause
// The arguments of StaticNeighbours, `ADDRESS MAC`, → how many, and the table
// neighbours (bpf/lib/neighbours.h).
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "list_content.h"

namespace nfup::intent {

std::expected<ListContent, ListMistake> compile_neighbours(const std::vector<std::string>& texts);

} // namespace nfup::intent
