// SPDX-License-Identifier: BSD-2-Clause
#include "expand.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "config.h"
#include "connect.h"
#include "flatten.h"
#include "formals.h"
#include "names.h"
#include "scope.h"
#include "variables.h"

namespace nfup::intent {

using namespace click;

namespace {

constexpr int max_depth = 64;                 // compounds inside each other, by name too
constexpr std::size_t max_elements = 1 << 17; // compounds multiply: bound the product
constexpr std::size_t max_text = 1 << 26;     // and so do parameters
constexpr int max_definition_depth = 16;

constexpr int input_border = 0;
constexpr int output_border = 1;

// How many ports a set of used ones makes: the last and one.
int count(const std::vector<bool>& used)
{
	return static_cast<int>(used.size());
}

int first_gap(const std::vector<bool>& used)
{
	const auto gap = std::find(used.begin(), used.end(), false);
	return gap == used.end() ? -1 : static_cast<int>(gap - used.begin());
}

std::string ports_text(int n, const char* what)
{
	return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

void mark(std::vector<bool>& used, int port)
{
	if (used.size() <= static_cast<std::size_t>(port))
		used.resize(static_cast<std::size_t>(port) + 1);
	used[static_cast<std::size_t>(port)] = true;
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

bool Expander::room(const Location& where)
{
	if (stop_)
		return false;
	if (++elements_ <= max_elements)
		return true;
	diagnostics_->error(where, "the intent has more than " + std::to_string(max_elements) + " elements");
	stop_ = true;
	return false;
}

void Expander::spend(std::size_t bytes, const Location& where)
{
	constexpr std::size_t each = 16; // so that very many empty texts end too

	spent_ += bytes + each;
	if (spent_ <= max_text || stop_)
		return;
	diagnostics_->error(where, "names and arguments expand to more than " + std::to_string(max_text) + " bytes");
	stop_ = true;
}

int Expander::junction()
{
	junctions_.emplace_back();
	return static_cast<int>(junctions_.size()) - 1;
}

const ClassBinding* Expander::library_class(const std::string& name, const Location& where)
{
	const ClassBinding*& found = library_[name];
	if (!found) {
		ClassBinding& made = bindings_.emplace_back();
		made.name = name;
		found = &made;
		if (std::string why = class_name_error(name); !why.empty())
			diagnostics_->error(where, std::move(why));
	}
	return found;
}

const ClassBinding* Expander::bind_compound(Scope& scope, const Compound& compound, std::string name)
{
	ClassBinding& made = bindings_.emplace_back();

	if (compound.extends)
		made.extends = bind(scope, {name, nullptr, compound.where});
	made.name = std::move(name);
	made.compound = &compound;
	made.scope = &scope;
	made.sees = made.sequence = scope.sequence++;
	return &made;
}

const ClassBinding* Expander::bind(Scope& scope, const ClassRef& ref)
{
	if (ref.compound)
		return bind_compound(scope, *ref.compound, {});
	const ClassBinding* found = scope.find_class(ref.name);
	return found ? found : library_class(ref.name, ref.where);
}

std::string Expander::value_of(const Scope& scope, const std::string& text, const Location& where, int depth)
{
	if (text.find('$') == std::string::npos)
		return text;
	if (depth > max_definition_depth) {
		if (!stop_)
			diagnostics_->error(where, "the definitions of `" + text + "` refer to each other");
		stop_ = true;
		return {};
	}

	auto lookup = [&](const std::string& name) -> std::optional<std::string> {
		for (const Scope* s = &scope; s; s = s->parent)
			if (const auto found = s->definitions.find(name); found != s->definitions.end()) {
				const Definition& d = found->second;
				std::string value = d.expanded ? d.value : value_of(*s, d.value, where, depth + 1);
				spend(value.size(), where);
				return value;
			}
		return std::nullopt;
	};
	auto missing = [&](const std::string& name) {
		diagnostics_->warning(where, "`$" + name + "` is not defined here and stays as it is",
				      "define($" + name + " VALUE) or ${" + name + "-DEFAULT}");
	};
	if (stop_)
		return {};
	std::string value = expand_variables(text, lookup, missing);
	spend(value.size(), where);
	return value;
}

// ---- reading ----

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

// Every port of a border must be connected on both sides, without a gap.
void Expander::check_border(const std::string& what, const Location& where, const std::vector<bool>& outside,
			    const std::vector<bool>& inside, const char* kind)
{
	if (const int gap = first_gap(inside); gap >= 0) {
		diagnostics_->error(where, what + " uses " + kind + " " + std::to_string(count(inside) - 1) +
					       " but not " + kind + " " + std::to_string(gap));
		return;
	}
	for (int i = 0; i < std::max(count(inside), count(outside)); ++i) {
		const bool there = i < count(inside);
		const bool used = i < count(outside) && outside[static_cast<std::size_t>(i)];
		if (there && !used)
			diagnostics_->error(where, std::string(kind) + " " + std::to_string(i) + " of " + what +
						       " is not connected");
		else if (!there && used)
			diagnostics_->error(where, what + " has no " + kind + " " + std::to_string(i),
					    "it has " + ports_text(count(inside), kind));
	}
}

// ---- putting into the graph ----

// A node for an element of a library class, and the junction that stands for it.
int Expander::add_node(const Scope& scope, const Instance& instance)
{
	const int there = junction();
	junctions_[static_cast<std::size_t>(there)].node = static_cast<int>(graph_.nodes.size());

	Node& node = graph_.nodes.emplace_back();
	node.name = scope.prefix + instance.name;
	node.cls = instance.cls->name;
	node.where = instance.where;
	spend(node.name.size() + instance.config.size(), instance.where);
	if (instance.config.find('$') != std::string::npos) {
		node.args = split_args(value_of(scope, instance.config, instance.where));
		return there;
	}
	Location at = instance.config_where;
	std::size_t reached = 0;
	for (Piece& piece : split_pieces(instance.config)) {
		for (; reached < piece.at; ++reached) {
			++at.column;
			if (instance.config[reached] == '\n') {
				at.column = 1;
				++at.line;
				at.text_line += at.text_line > 0;
			}
		}
		node.args.push_back(std::move(piece.text));
		node.arg_where.push_back(at);
	}
	return there;
}

bool Expander::fits(Scope& inner, const Instance& instance, const Overload& overload,
		    const std::vector<std::string>& args, std::string& why)
{
	if (!bind_formals(overload.formals, args, inner.definitions, why))
		return false;

	// Only its connections tell how many ports a definition has.
	inner.instances.resize(2);
	for (int i = 0; i < 2; ++i) {
		Instance& border = inner.instances[static_cast<std::size_t>(i)];
		border.kind = Instance::Kind::border;
		border.where = overload.where;
		border.name = i == input_border ? "input" : "output";
	}
	const int outer_input = std::exchange(input_, input_border);
	const int outer_output = std::exchange(output_, output_border);
	std::vector<std::pair<int, int>> groups;
	groups.swap(groups_);
	prepare(inner, *overload.body);
	read(inner, *overload.body);
	for (const auto& [in, out] : groups_) {
		check_border("this group", inner.instances[static_cast<std::size_t>(in)].where,
			     inner.instances[static_cast<std::size_t>(in)].ins,
			     inner.instances[static_cast<std::size_t>(in)].outs, "input");
		check_border("this group", inner.instances[static_cast<std::size_t>(out)].where,
			     inner.instances[static_cast<std::size_t>(out)].outs,
			     inner.instances[static_cast<std::size_t>(out)].ins, "output");
	}
	groups.swap(groups_);
	input_ = outer_input;
	output_ = outer_output;

	const int inputs = count(inner.instances[input_border].outs);
	const int outputs = count(inner.instances[output_border].ins);
	if (inputs == count(instance.ins) && outputs == count(instance.outs))
		return true;
	why = "it has " + ports_text(inputs, "input") + " and " + ports_text(outputs, "output") + ", but " +
	      std::to_string(count(instance.ins)) + " and " + std::to_string(count(instance.outs)) + " are connected";
	return false;
}

void Expander::emit_compound(Scope& scope, const Instance& instance, int in_junction, int out_junction)
{
	const std::string what = "`" + scope.prefix + instance.name + "`";

	if (scope.depth >= max_depth) {
		if (!too_deep_)
			diagnostics_->error(instance.where, "compound elements are more than " +
								std::to_string(max_depth) + " deep in each other");
		too_deep_ = true;
		return;
	}

	const std::vector<std::string> args = split_args(value_of(scope, instance.config, instance.where));
	std::string reasons, why;
	int tried = 0;
	for (const ClassBinding* cls = instance.cls; cls; cls = cls->extends) {
		if (!cls->compound) {
			// An extension of a library class: the class itself is the last resort.
			const int there = add_node(scope, instance);
			graph_.nodes.back().cls = cls->name;
			for (int i = 0; i < count(instance.ins); ++i)
				connections_.push_back({in_junction, i, there, i, instance.where});
			for (int i = 0; i < count(instance.outs); ++i)
				connections_.push_back({there, i, out_junction, i, instance.where});
			return;
		}
		for (const Overload& overload : cls->compound->overloads) {
			Scope& inner = scopes_.emplace_back();
			inner.parent = cls->scope;
			inner.parent_sequence = cls->sees;
			inner.prefix = scope.prefix + instance.name + "/";
			inner.depth = scope.depth + 1;
			inner.own_class = cls->name;
			Diagnostics found;
			Diagnostics* const outer = std::exchange(diagnostics_, &found);
			const bool ok = fits(inner, instance, overload, args, why);
			if (ok) {
				check_border(what, instance.where, instance.ins, inner.instances[input_border].outs,
					     "input");
				check_border(what, instance.where, instance.outs, inner.instances[output_border].ins,
					     "output");
			}
			diagnostics_ = outer;
			if (ok || stop_) {
				diagnostics_->add(found);
				if (ok)
					emit(inner, in_junction, out_junction);
				return;
			}
			++tried;
			reasons += (reasons.empty() ? "" : "; ") + why;
			scopes_.pop_back();
		}
	}
	if (tried == 1)
		diagnostics_->error(instance.where, "compound element " + what + " does not fit: " + why);
	else
		diagnostics_->error(instance.where,
				    "none of the " + std::to_string(tried) + " definitions fits " + what, reasons);
}

void Expander::emit(Scope& scope, int in_junction, int out_junction)
{
	std::vector<std::pair<int, int>> ends(scope.instances.size()); // sink and source of each

	// A scope never grows behind this point; inner ones are scopes of their own.
	for (std::size_t i = 0; i < scope.instances.size() && !stop_; ++i) {
		const Instance& instance = scope.instances[i];
		auto& [sink, source] = ends[i];
		if (instance.kind == Instance::Kind::border) {
			const bool own = scope.parent && i < 2;
			sink = source = !own ? junction() : i == input_border ? in_junction : out_junction;
		} else if (instance.cls->compound) {
			sink = junction();
			source = junction();
			emit_compound(scope, instance, sink, source);
		} else {
			sink = source = add_node(scope, instance);
		}
	}
	if (stop_)
		return;
	for (const LocalConnection& c : scope.connections)
		connections_.push_back({ends[static_cast<std::size_t>(c.from)].second, c.out,
					ends[static_cast<std::size_t>(c.to)].first, c.in, c.where});
}

Graph Expander::run(const Body& file)
{
	Scope& scope = scopes_.emplace_back();

	prepare(scope, file);
	read(scope, file);
	for (const auto& [in, out] : groups_) {
		const auto at = [&](int i) -> const Instance& {
			return scope.instances[static_cast<std::size_t>(i)];
		};
		check_border("this group", at(in).where, at(in).ins, at(in).outs, "input");
		check_border("this group", at(out).where, at(out).outs, at(out).ins, "output");
	}
	emit(scope, -1, -1);
	if (!stop_)
		graph_.edges = flatten(junctions_, connections_, *diagnostics_);
	return std::move(graph_);
}

} // namespace

Graph expand(const Body& file, Diagnostics& diagnostics)
{
	return Expander(diagnostics).run(file);
}

} // namespace nfup::intent
