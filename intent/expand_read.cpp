// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <utility>

#include "config.h"
#include "expander.h"
#include "names.h"

namespace nfup::intent::click {

namespace {

void mark(std::vector<bool>& used, int port)
{
	if (used.size() <= static_cast<std::size_t>(port))
		used.resize(static_cast<std::size_t>(port) + 1);
	used[static_cast<std::size_t>(port)] = true;
}

} // namespace

void Expander::prepare_chain(Scope& scope, const Chain& chain)
{
	const bool list = declares_list(chain);

	for (const Stage& stage : chain.stages)
		for (const Element& element : stage.elements) {
			if (element.declared || list)
				scope.declared.try_emplace(element.name, element.where);
			if (element.group)
				prepare(scope, *element.group);
		}
}

// What holds wherever it stands in the scope: definitions, and which names are
// declared further down.
void Expander::prepare(Scope& scope, const Body& body)
{
	for (const Statement& statement : body.statements) {
		if (const auto* chain = std::get_if<Chain>(&statement))
			prepare_chain(scope, *chain);
		else if (const auto* definition = std::get_if<Define>(&statement))
			define(scope, *definition);
	}
}

void Expander::define(Scope& scope, const Define& statement)
{
	for (const std::string& arg : split_args(statement.config)) {
		if (arg.empty())
			continue;
		const std::size_t end = std::min(arg.find(' '), arg.size());
		std::string name = arg.substr(0, end);
		if (name.size() < 2 || name[0] != '$' ||
		    name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", 1) !=
			std::string::npos) {
			diagnostics_->error(statement.where, "`" + name + "` is no parameter name",
					    "write define($NAME VALUE)");
			continue;
		}
		name.erase(0, 1);
		std::string value = end < arg.size() ? arg.substr(end + 1) : std::string();
		if (!scope.definitions.try_emplace(name, Definition{std::move(value), false}).second)
			diagnostics_->error(statement.where, "`$" + name + "` is defined twice");
	}
}

void Expander::require(const Require& statement)
{
	for (const std::string& what : split_args(statement.config)) {
		if (what.starts_with("library "))
			diagnostics_->warning(statement.where, "`" + what + "` is not read: an intent is one text",
					      "put the definitions of that file here");
		else
			diagnostics_->note(statement.where,
					   "require(" + what + ") has no effect: classes come from nfup's library");
	}
}

void Expander::define_class(Scope& scope, const ElementClass& statement)
{
	if (std::string why = class_name_error(statement.name); !why.empty())
		diagnostics_->error(statement.where, std::move(why));
	const ClassBinding* made = nullptr;

	if (statement.is.compound) {
		made = bind_compound(scope, *statement.is.compound, statement.name);
	} else {
		ClassBinding& synonym = bindings_.emplace_back(*bind(scope, statement.is));
		synonym.sequence = scope.sequence++; // it still sees what its definition saw
		made = &synonym;
	}
	scope.classes[statement.name].push_back(made);
}

void Expander::read(Scope& scope, const Body& body)
{
	for (const Statement& statement : body.statements) {
		if (stop_)
			return;
		if (const auto* chain = std::get_if<Chain>(&statement))
			read_chain(scope, *chain);
		else if (const auto* cls = std::get_if<ElementClass>(&statement))
			define_class(scope, *cls);
		else if (const auto* requirement = std::get_if<Require>(&statement))
			require(*requirement);
	}
}

// a, b, c :: Class(config) on its own declares all of them.
bool Expander::declares_list(const Chain& chain) const
{
	if (chain.stages.size() != 1)
		return false;
	const std::vector<Element>& elements = chain.stages[0].elements;
	if (elements.size() < 2 || !elements.back().declared)
		return false;
	for (const Element& e : elements) {
		if (e.kind != ElementKind::name || e.in.given || e.out.given)
			return false;
		if (&e != &elements.back() && (e.declared || e.has_config))
			return false;
	}
	return true;
}

void Expander::read_chain(Scope& scope, const Chain& chain)
{
	std::vector<Terminal> before;
	const bool list = declares_list(chain);

	for (std::size_t i = 0; i < chain.stages.size(); ++i) {
		std::vector<Terminal> now;
		const Stage& stage = chain.stages[i];
		for (const Element& element : stage.elements) {
			if (stop_)
				return;
			now.push_back(reference(scope, element, list ? stage.elements.back() : element, i == 0));
		}
		if (i == 0) {
			for (const Element& e : stage.elements)
				if (e.in.given && e.kind != ElementKind::implicit)
					diagnostics_->warning(e.in.where, "nothing is connected to this input port");
		} else {
			connect(scope, before, now, chain.stages[i - 1]);
		}
		if (i + 1 == chain.stages.size())
			for (const Element& e : stage.elements)
				if (e.out.given && !(i == 0 && e.kind == ElementKind::implicit))
					diagnostics_->warning(e.out.where, "nothing is connected to this output port");
		before = std::move(now);
	}
}

// `configured` has the arguments: in a list of declarations that is the last one.
int Expander::add_instance(Scope& scope, std::string name, const ClassBinding* cls, const Element& element,
			   const Element& configured)
{
	if (!room(element.where))
		return -1;
	const int index = static_cast<int>(scope.instances.size());
	Instance& instance = scope.instances.emplace_back();
	instance.name = std::move(name);
	instance.cls = cls;
	instance.config = configured.config;
	instance.config_where = configured.config_where;
	instance.where = element.where;
	return index;
}

int Expander::declare(Scope& scope, const Element& element, const Element& declaration)
{
	if (element.kind != ElementKind::name) {
		diagnostics_->error(element.where, "a class cannot be the name of an element");
		return -1;
	}
	if (const auto found = scope.elements.find(element.name); found != scope.elements.end()) {
		const Location& first = scope.instances[static_cast<std::size_t>(found->second)].where;
		diagnostics_->error(element.where, "element `" + element.name + "` is declared twice",
				    "the first declaration is on line " + std::to_string(first.line));
		return found->second;
	}
	if (std::string why = element_name_error(element.name); !why.empty())
		diagnostics_->error(element.where, std::move(why));
	const int index = add_instance(scope, element.name, bind(scope, *declaration.declared), element, declaration);
	if (index >= 0)
		scope.elements.emplace(element.name, index);
	return index;
}

Terminal Expander::reference(Scope& scope, const Element& element, const Element& declaration, bool first)
{
	Terminal out{-1, -1, &element.in, &element.out, element.where, {}, {}};
	const bool nested = input_ >= 0;

	if (element.kind == ElementKind::implicit ||
	    (nested && element.kind == ElementKind::name && !element.declared &&
	     (element.name == "input" || element.name == "output"))) {
		const bool input = element.kind == ElementKind::implicit ? first : element.name == "input";
		(input ? out.source : out.sink) = input ? input_ : output_;
		if (element.has_config)
			diagnostics_->error(element.where, "`" + element.name + "` takes no arguments");
		return out;
	}
	if (element.kind == ElementKind::group)
		return group(scope, element);
	if (declaration.declared) {
		out.sink = out.source = declare(scope, element, declaration);
		return out;
	}
	if (element.kind == ElementKind::compound) {
		const ClassBinding* cls = bind_compound(scope, *element.compound, {});
		out.sink = out.source = add_instance(scope, scope.anonymous_name({}), cls, element, element);
		return out;
	}
	if (const auto found = scope.elements.find(element.name); found != scope.elements.end()) {
		const Instance& there = scope.instances[static_cast<std::size_t>(found->second)];
		// `Strip(14)` next to an element Strip of class Strip is one more of the class.
		if (!element.has_config) {
			out.sink = out.source = found->second;
			return out;
		}
		if (there.cls->name != element.name) {
			diagnostics_->error(
			    element.where, "arguments do not belong to a reference to `" + element.name + "`",
			    "they belong to its declaration on line " + std::to_string(there.where.line));
			out.sink = out.source = found->second;
			return out;
		}
	}
	const ClassBinding* cls = scope.find_class(element.name);
	if (!cls) {
		if (!scope.own_class.empty() && element.name == scope.own_class)
			diagnostics_->note(element.where, "inside its own definition `" + element.name +
							      "` is the library's class: compounds do not recurse");
		if (const auto later = scope.declared.find(element.name);
		    later != scope.declared.end() && !element.has_config) {
			diagnostics_->error(element.where, "`" + element.name + "` is used before its declaration",
					    "it is declared on line " + std::to_string(later->second.line) +
						"; move that up");
			return out;
		}
		cls = library_class(element.name, element.where);
	}
	out.sink = out.source = add_instance(scope, scope.anonymous_name(element.name), cls, element, element);
	return out;
}

// Statements in parentheses: no scope of their own, but an `input` and `output`.
Terminal Expander::group(Scope& scope, const Element& element)
{
	Terminal out{-1, -1, &element.in, &element.out, element.where, {}, {}};

	if (!room(element.where))
		return out;
	const int in = static_cast<int>(scope.instances.size());
	const int outer_input = std::exchange(input_, in), outer_output = std::exchange(output_, in + 1);
	for (int i = 0; i < 2; ++i) {
		Instance& border = scope.instances.emplace_back();
		border.kind = Instance::Kind::border;
		border.where = element.where;
		border.name = i ? "output" : "input";
	}
	groups_.emplace_back(in, in + 1);
	read(scope, *element.group);
	input_ = outer_input;
	output_ = outer_output;

	// Without port numbers a group stands for all its ports in order.
	out.sink = in;
	out.source = in + 1;
	const auto at = [&](int i) -> Instance& {
		return scope.instances[static_cast<std::size_t>(i)];
	};
	for (int i = 0; i < count(at(in).outs); ++i)
		out.own_in.push_back(i);
	for (int i = 0; i < count(at(in + 1).ins); ++i)
		out.own_out.push_back(i);
	return out;
}

void Expander::connect(Scope& scope, const std::vector<Terminal>& from, const std::vector<Terminal>& to,
		       const Stage& stage)
{
	for (const auto& [source, sink] : pair_ports(from, to, stage, *diagnostics_)) {
		const auto& [a, out] = source;
		const auto& [b, in] = sink;
		if (a->source < 0 && a->sink >= 0)
			diagnostics_->error(a->where, "nothing comes out of `output` inside its own element");
		if (b->sink < 0 && b->source >= 0)
			diagnostics_->error(b->where, "nothing can be sent to `input` inside its own element");
		if (a->source < 0 || b->sink < 0)
			continue;
		mark(scope.instances[static_cast<std::size_t>(a->source)].outs, out);
		mark(scope.instances[static_cast<std::size_t>(b->sink)].ins, in);
		scope.connections.push_back({a->source, out, b->sink, in, a->where});
	}
}

} // namespace nfup::intent::click
