// SPDX-License-Identifier: BSD-2-Clause
#include "expand.h"

#include <algorithm>
#include <utility>

#include "expander.h"
#include "names.h"
#include "variables.h"

namespace nfup::intent::click {

namespace {

constexpr std::size_t max_elements = 1 << 17; // compounds multiply: bound the product
constexpr std::size_t max_text = 1 << 26;     // and so do parameters
constexpr int max_definition_depth = 16;

} // namespace

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

} // namespace nfup::intent::click

namespace nfup::intent {

Graph expand(const click::Body& file, Diagnostics& diagnostics)
{
	return click::Expander(diagnostics).run(file);
}

} // namespace nfup::intent
