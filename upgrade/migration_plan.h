// SPDX-License-Identifier: BSD-2-Clause
// States whose entries move to a map of another layout or size while packets use
// them. Here is what comes before the flip: the converters, and programs that settle
// what they meet (bpf/settle.h). migration.h has the rest.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "intent/result.h"
#include "loader/class_library.h"
#include "loader/fd.h"
#include "records.h"
#include "statemaps/schema.h"
#include "store.h"

namespace nfup::upgrade {

// A state whose entries move into the map of a generation that is being made.
struct Move {
	std::string atom;
	Fd old;
	Conversion conversion;
	std::vector<Way> ways; // between the new map and earlier ones; the new map has no id yet
};

// How to say that there is no way from one schema to another: what they are, before the
// differences field by field, and what else one can do.
struct Wording {
	std::string schemas, otherwise;
};

// Finds converters from one schema to the other and compiles them; with `dry` only
// finds. Error (kind refused): there is none, or the entries could not be moved anyway.
Result<Conversion> plan_conversion(const std::string& atom, const statemaps::Schema& from, const statemaps::Schema& to,
				   const loader::Library& library, bool dry, const Wording& wording);

// From the map that the state has into one of the schema `wanted`, and the ways back to
// that map and to those that `kept` generations had before. Errors as plan_conversion;
// (kind refused): more entries than the new map has room for.
Result<Move> plan_move(const std::string& atom, Fd old, const statemaps::Schema& wanted,
		       const std::map<int, Generation>& kept, const loader::Library& library, bool dry);

// What goes from the running generation's maps into those of `target`, which was one
// before. Error (kind refused): entries would have to be converted and nobody wrote how.
Result<std::vector<Move>> moves_back(const Generation& running, const Generation& target);

// The draft's nodes that use a state that moves become the settling ones. `maps`: the
// draft's state maps.
Result<void> add_moves(Generation& draft, const std::vector<Move>& moves, const std::map<std::string, Fd>& maps,
		       loader::Library& library);

// The ways of the running generation, where the draft has the same map.
void inherit_ways(Generation& draft, const Generation& running);

// For the programs of a draft: where its states come from, by map name.
void add_old_maps(std::map<std::string, int>& maps, const Generation& draft, const std::vector<Move>& moves);

} // namespace nfup::upgrade
