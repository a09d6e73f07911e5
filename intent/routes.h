// SPDX-License-Identifier: BSD-2-Clause
// The arguments of LookupIPRoute, `ADDRESS/LENGTH [GATEWAY] OUTPUT`, → struct
// route_program and the tables routes4 and routes6 (bpf/lib/routes.h).
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "list_content.h"

namespace nfup::intent {

std::expected<ListContent, ListMistake> compile_routes(const std::vector<std::string>& texts);

} // namespace nfup::intent
