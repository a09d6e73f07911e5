// SPDX-License-Identifier: BSD-2-Clause
// Intent text → a pipeline ready to be planned and loaded: all the passes, the
// compiled objects, each node's constants and identity. Needs no root; touches
// no NF.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "intent/diagnostic.h"
#include "intent/resolve.h"
#include "loader/class_library.h"
#include "loader/program.h"
#include "class_layout.h"
#include "plan.h"
#include "records.h"

namespace nfup::upgrade {

// What the passes know of an intent: `check` shows this.
struct Checked {
	intent::Graph graph;
	intent::Resolved nf;
	DeclaredMaps maps;
	std::vector<std::string> functionalities;
};

// Parse, resolve, depend. What is wrong is in `diagnostics`.
Checked check(const std::string& text, const std::string& file, loader::Library& library,
	      intent::Diagnostics& diagnostics, const std::vector<std::string>& known_ports = {},
	      std::optional<intent::Kernel> kernel = {});

struct BuiltNode {
	std::string name;
	std::string cls;
	std::vector<std::string> args;
	std::vector<int> out; // indices into Build::nodes
	std::filesystem::path object;
	std::string code;
	std::vector<loader::Constant> constants; // from the arguments
	std::vector<std::string> state;
};

struct Build : DeclaredMaps {
	std::string file;
	std::string text;
	std::vector<BuiltNode> nodes;                          // 0 is root
	std::vector<std::string> ports;                        // labels by index: known ones and new ones
	std::set<int> used_ports;                              // that the intent names
	std::map<std::string, std::filesystem::path> settling; // Generation::settling
	std::filesystem::path ingress;
	int depth = 0; // tail calls on the longest path; rebuilt: 0, for it was checked
	std::vector<std::string> compiled;
	std::vector<std::string> reused;
	double build_ms = 0;
};

// Error (kind intent): the rendered diagnostics, which are in `diagnostics` too.
Result<Build> build(const std::string& text, const std::string& file, loader::Library& library,
		    intent::Diagnostics& diagnostics, const std::vector<std::string>& known_ports = {},
		    std::optional<intent::Kernel> kernel = {});

// A generation's own objects once more, as when it was built; nothing is compiled but,
// where the cache has lost it, `ingress`.
// Error (kind system): an object is gone or damaged.
Result<Build> rebuild(const Generation& generation, loader::Library& library);

// A node's identity within an NF: everything but slots.
std::string identity(const BuiltNode& node, const Build& build, const std::map<std::string, std::uint32_t>& map_ids,
		     std::uint32_t counter);

} // namespace nfup::upgrade
