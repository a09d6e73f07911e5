// SPDX-License-Identifier: BSD-2-Clause
#include "print.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "config.h"

namespace nfup::intent {

namespace {

std::size_t z(int i)
{
	return static_cast<std::size_t>(i);
}

std::string port(int number)
{
	return "[" + std::to_string(number) + "]";
}

// How a table names a node: Class where that is the only one, Class@N where the
// name is the N-th of its class, Class@NAME for all other names.
std::string mention(const Node& node, bool only)
{
	if (node.name == node.cls)
		return only ? node.cls : node.cls + "@1";
	const std::string start = node.cls + "@";
	if (node.name.starts_with(start)) {
		const std::string rest = node.name.substr(start.size());
		if (!rest.empty() && rest[0] != '0' && rest != "1" &&
		    rest.find_first_not_of("0123456789") == std::string::npos)
			return node.name;
	}
	return start + node.name;
}

// Arguments as a table row ends with them. Without a comma white space would
// part them, so a single one with spaces (or a lone hyphen) gets one.
std::string row_args(const std::vector<std::string>& args)
{
	std::string text = join_args(args);
	if (args.size() == 1 && !args[0].empty() && (args[0] == "-" || split_words(args[0]).size() != 1))
		text += ",";
	return text.empty() ? text : " " + text;
}

} // namespace

std::string print_click(const Graph& graph)
{
	std::string out;

	for (const Node& node : graph.nodes) {
		out += node.name + " :: " + node.cls;
		if (!node.args.empty())
			out += "(" + join_args(node.args) + ")";
		out += ";\n";
	}
	if (!graph.edges.empty())
		out += "\n";
	for (const Edge& e : graph.edges) {
		out += graph.nodes[z(e.from)].name;
		if (e.out)
			out += " " + port(e.out);
		out += " -> ";
		if (e.in)
			out += port(e.in) + " ";
		out += graph.nodes[z(e.to)].name + ";\n";
	}
	return out;
}

std::string print_table(const Graph& graph)
{
	std::unordered_map<std::string, int> of_class;
	std::vector<std::string> names;
	std::vector<std::vector<const Edge*>> into(graph.nodes.size());
	std::string out;

	for (const Node& node : graph.nodes)
		++of_class[node.cls];
	for (const Node& node : graph.nodes)
		names.push_back(mention(node, of_class[node.cls] == 1));
	for (const Edge& e : graph.edges)
		into[z(e.to)].push_back(&e);

	const auto row = [&](const Edge& e) {
		return names[z(e.from)] + " " + std::to_string(e.out) + " - " +
		       (e.in ? std::to_string(e.in) : std::string("-")) + " ";
	};
	// A node appears with the first edge that can introduce it, one from a node
	// above; the other edges follow once both ends are there.
	std::vector<std::vector<const Edge*>> later(graph.nodes.size());
	for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
		const std::string args = row_args(graph.nodes[i].args);
		const Edge* first = nullptr;
		for (const Edge* e : into[i]) {
			if (!first && z(e->from) < i)
				first = e;
			else
				later[std::max(z(e->from), i)].push_back(e);
		}
		out += (first ? row(*first) : "- - - ") + names[i] + args + "\n";
		for (const Edge* e : later[i])
			out += row(*e) + names[z(e->to)] + row_args(graph.nodes[z(e->to)].args) + "\n";
	}
	return out;
}

} // namespace nfup::intent
