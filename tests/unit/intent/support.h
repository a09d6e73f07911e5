// SPDX-License-Identifier: BSD-2-Clause
// Short ways to say what a text parses to.
#pragma once

#include <string>
#include <vector>

#include "intent/parse.h"

namespace nfup::intent::test {

struct Parsed {
	Graph graph;
	Diagnostics diagnostics;
};

Parsed parse_text(const std::string& text, const std::string& file = "t");

// "a :: A(x, y); b :: B; a [1] -> b": nodes in order, then edges; edges show
// port numbers other than 0.
std::string show(const Graph& graph);

// All diagnostics of at least `least`, rendered against `text`.
std::string rendered(const Diagnostics& diagnostics, const std::string& text, Severity least = Severity::note);

std::string read_source_file(const std::string& path); // below the repository

} // namespace nfup::intent::test
