// SPDX-License-Identifier: BSD-2-Clause
// Click's shorthand taken away: compounds and groups expanded, anonymous
// elements named, parameters put in. What was written → the graph.
#pragma once

#include "click_syntax.h"
#include "graph.h"

namespace nfup::intent {

Graph expand(const click::Body& file, Diagnostics& diagnostics);

} // namespace nfup::intent
