// SPDX-License-Identifier: BSD-2-Clause
// The table of the Click-UP paper: a row per connection, `SRC PORT IN DST ARGS`.
#pragma once

#include <string>

#include "graph.h"

namespace nfup::intent {

Graph parse_table(const std::string& text, const std::string& file, Diagnostics& diagnostics);

} // namespace nfup::intent
