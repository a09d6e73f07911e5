// SPDX-License-Identifier: BSD-2-Clause
// A graph as text again: in either form of the language, which parse takes
// back unchanged, and as a picture for graphviz.
#pragma once

#include <string>

#include "class_info.h"
#include "graph.h"

namespace nfup::intent {

std::string print_click(const Graph& graph);
std::string print_table(const Graph& graph);

// Modules and atoms apart, state maps drawn, port labels on edges. Classes that
// `library` lacks look like modules.
std::string print_dot(const Graph& graph, ClassLibrary& library, const std::string& title);

} // namespace nfup::intent
