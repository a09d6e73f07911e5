// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <utility>

#include "config.h"
#include "expander.h"
#include "formals.h"

namespace nfup::intent::click {

namespace {

constexpr int max_depth = 64; // compounds inside each other, by name too

int first_gap(const std::vector<bool>& used)
{
	const auto gap = std::find(used.begin(), used.end(), false);
	return gap == used.end() ? -1 : static_cast<int>(gap - used.begin());
}

std::string ports_text(int n, const char* what)
{
	return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

} // namespace

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

} // namespace nfup::intent::click
