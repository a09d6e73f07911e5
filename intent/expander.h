// SPDX-License-Identifier: BSD-2-Clause
// Private to expand*.cpp: statements are read into scopes (expand_read.cpp), then
// the scopes' elements go into the graph, compounds expanded (expand_emit.cpp).
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "click_syntax.h"
#include "connect.h"
#include "diagnostic.h"
#include "flatten.h"
#include "graph.h"
#include "scope.h"

namespace nfup::intent::click {

// The two first instances of a compound's scope.
constexpr int input_border = 0;
constexpr int output_border = 1;

// How many ports a set of used ones makes: the last and one.
inline int count(const std::vector<bool>& used)
{
	return static_cast<int>(used.size());
}

class Expander {
public:
	explicit Expander(Diagnostics& diagnostics) : diagnostics_(&diagnostics) {}
	Graph run(const Body& file);

private:
	// Reading a body: statements in order, into its scope.
	void prepare(Scope& scope, const Body& body);
	void prepare_chain(Scope& scope, const Chain& chain);
	void read(Scope& scope, const Body& body);
	void read_chain(Scope& scope, const Chain& chain);
	void define_class(Scope& scope, const ElementClass& statement);
	void define(Scope& scope, const Define& statement);
	void require(const Require& statement);
	bool declares_list(const Chain& chain) const;
	Terminal reference(Scope& scope, const Element& element, const Element& declaration, bool first);
	int declare(Scope& scope, const Element& element, const Element& declaration);
	int add_instance(Scope& scope, std::string name, const ClassBinding* cls, const Element& element,
			 const Element& configured);
	Terminal group(Scope& scope, const Element& element);
	void connect(Scope& scope, const std::vector<Terminal>& from, const std::vector<Terminal>& to,
		     const Stage& stage);
	void check_border(const std::string& what, const Location& where, const std::vector<bool>& outside,
			  const std::vector<bool>& inside, const char* kind);

	// Putting a scope's elements into the graph, compounds expanded.
	void emit(Scope& scope, int in_junction, int out_junction);
	void emit_compound(Scope& scope, const Instance& instance, int in_junction, int out_junction);
	bool fits(Scope& inner, const Instance& instance, const Overload& overload,
		  const std::vector<std::string>& args, std::string& why);

	int add_node(const Scope& scope, const Instance& instance);

	const ClassBinding* bind(Scope& scope, const ClassRef& ref);
	const ClassBinding* bind_compound(Scope& scope, const Compound& compound, std::string name);
	const ClassBinding* library_class(const std::string& name, const Location& where);
	std::string value_of(const Scope& scope, const std::string& text, const Location& where, int depth = 0);
	int junction();
	bool room(const Location& where);
	void spend(std::size_t bytes, const Location& where);

	Diagnostics* diagnostics_;
	std::deque<Scope> scopes_;
	std::deque<ClassBinding> bindings_;
	std::unordered_map<std::string, const ClassBinding*> library_;
	Graph graph_;
	std::vector<Junction> junctions_;
	std::vector<Connection> connections_;
	std::size_t elements_ = 0, spent_ = 0;
	bool stop_ = false;
	bool too_deep_ = false;
	// What `input` and `output` mean now: borders of the compound or of a group.
	int input_ = -1, output_ = -1;
	std::vector<std::pair<int, int>> groups_;
};

} // namespace nfup::intent::click
