// SPDX-License-Identifier: BSD-2-Clause
// The names that hold in one compound element (or in the file): elements,
// element classes, parameters. Classes and parameters are also seen from inside
// inner compounds; elements are not.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "click_syntax.h"

namespace nfup::intent {

struct Scope;

// What a class name stands for at one place in the text.
struct ClassBinding {
	std::string name;
	const click::Compound* compound = nullptr; // nullptr: the class `name` of the library
	const Scope* scope = nullptr;              // where it was defined …
	int sees = 0;                              // … and how far that scope had got
	int sequence = 0;                          // when it got its name
	const ClassBinding* extends = nullptr;     // what `|| ...` falls back to
};

// An element of a scope. Indices 0 and 1 are the compound's `input` and
// `output`; groups have a pair of their own.
struct Instance {
	enum class Kind { border, element };
	Kind kind = Kind::element;
	std::string name;
	const ClassBinding* cls = nullptr;
	std::string config;
	Location where, config_where;
	std::vector<bool> ins, outs; // which ports the scope connects
};

struct LocalConnection {
	int from = 0, out = 0, to = 0, in = 0;
	Location where;
};

struct Definition {
	std::string value;
	bool expanded = false; // a compound's argument is, a `define` is not yet
};

struct Scope {
	const Scope* parent = nullptr;
	int parent_sequence = 0; // classes of the parent defined later are not seen
	int sequence = 0;
	std::string prefix; // "fw/"
	int depth = 0;
	std::string own_class; // the class being expanded, if it has a name

	std::unordered_map<std::string, std::vector<const ClassBinding*>> classes;
	std::map<std::string, Definition> definitions;

	std::vector<Instance> instances;
	std::vector<LocalConnection> connections;
	std::unordered_map<std::string, int> elements;      // those with names of their own
	std::unordered_map<std::string, Location> declared; // also those further down
	std::unordered_map<std::string, int> anonymous;     // next number by class

	const ClassBinding* find_class(const std::string& name) const;
	// Class@N, the first free N; the first is the bare class name.
	std::string anonymous_name(const std::string& cls);
};

} // namespace nfup::intent
