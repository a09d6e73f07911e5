// SPDX-License-Identifier: BSD-2-Clause
// The Click language as written, before compounds are expanded: what
// parse_click reads and expand turns into a graph.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "diagnostic.h"

namespace nfup::intent::click {

struct Compound;
struct Body;

// [1], [0,2], [0-3]; [] and [2,] count on from there as far as needed.
struct Ports {
	std::vector<int> numbers;
	bool given = false;
	bool open = false;
	Location where;
};

struct ClassRef {
	std::string name; // empty when `compound` is set
	std::shared_ptr<const Compound> compound;
	Location where;
};

enum class ElementKind {
	name,     // NAME: an element, or a class used without a name
	compound, // { … }
	group,    // ( … )
	implicit, // nothing: `input` at the start of a chain, `output` at its end
};

struct Element {
	ElementKind kind = ElementKind::name;
	std::string name;
	std::shared_ptr<const Compound> compound;
	std::shared_ptr<const Body> group;
	std::shared_ptr<const ClassRef> declared; // :: CLASS
	bool has_config = false;
	std::string config;
	Location config_where; // its first byte
	Ports in, out;
	Location where;
};

// a, b -> c => d: the elements between two arrows, and the arrow behind them.
enum class Arrow { none, one, many };
struct Stage {
	std::vector<Element> elements;
	Arrow arrow = Arrow::none;
	Location arrow_where;
};

struct Chain {
	std::vector<Stage> stages;
};

struct ElementClass {
	std::string name;
	ClassRef is;
	Location where;
};

struct Define {
	std::string config;
	Location where;
};

struct Require {
	std::string config;
	Location where;
};

using Statement = std::variant<Chain, ElementClass, Define, Require>;

struct Body {
	std::vector<Statement> statements;
};

struct Formal {
	std::string keyword; // empty: positional
	std::string variable;
	Location where;
};

struct Overload {
	std::vector<Formal> formals;
	std::shared_ptr<const Body> body;
	Location where;
};

struct Compound {
	std::vector<Overload> overloads;
	bool extends = false; // ends in `|| ...`
	Location where;
};

} // namespace nfup::intent::click
