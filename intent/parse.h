// SPDX-License-Identifier: BSD-2-Clause
// Pass 1: text → graph. Two forms of the same thing: the Click language and the
// table of the Click-UP paper (`SRC PORT IN DST ARGS`). docs/language.md defines
// both.
#pragma once

#include <string>

#include "diagnostic.h"
#include "graph.h"

namespace nfup::intent {

enum class Form { click, table };

// The form of `text`: a table has only lines of hyphens, numbers and names, and
// none of Click's `->`, `::`, `;`.
Form detect_form(const std::string& text);

// Parse `text` as the form it has. On errors `diagnostics` has them, and the
// graph is what could be understood.
Graph parse(const std::string& text, const std::string& file, Diagnostics& diagnostics);

} // namespace nfup::intent
