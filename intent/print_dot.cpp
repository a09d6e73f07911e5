// SPDX-License-Identifier: BSD-2-Clause
#include "print.h"

#include <map>
#include <string_view>

#include "config.h"

namespace nfup::intent {

namespace {

constexpr std::string_view head =
    R"(	graph [rankdir=LR, fontname="Helvetica", nodesep=0.3, ranksep=0.5, bgcolor="white"];
	node [fontname="Helvetica", fontsize=11, style="filled,rounded", shape=box, color="#5b6b7b", penwidth=1.2];
	edge [fontname="Helvetica", fontsize=9, color="#5b6b7b", fontcolor="#5b6b7b", arrowsize=0.7];
)";

std::string html(std::string_view text)
{
	std::string out;
	for (const char c : text) {
		switch (c) {
		case '&':
			out += "&amp;";
			break;
		case '<':
			out += "&lt;";
			break;
		case '>':
			out += "&gt;";
			break;
		case '"':
			out += "&quot;";
			break;
		default:
			out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
		}
	}
	return out;
}

std::string string(std::string_view text)
{
	std::string out = "\"";
	for (const char c : text) {
		if (c == '"' || c == '\\')
			out += '\\';
		out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
	}
	return out + "\"";
}

const ClassInfo* info_of(ClassLibrary& library, const std::string& cls)
{
	const auto found = library.find(cls);
	return found ? *found : nullptr;
}

// Ends of the pipeline, atoms and plain modules look different.
const char* fill(const Node& node, const ClassInfo* info)
{
	if (info && info->kind == ClassKind::atom)
		return "#fde7c8";
	if (info && info->inputs == 0)
		return "#d7ecd9";
	if (node.cls == "Discard")
		return "#f3d4d4";
	if (info && info->outputs.empty())
		return "#d7ecd9";
	return "#e8eef5";
}

std::string label(const Node& node)
{
	constexpr std::size_t longest = 40;
	std::string text = "<b>" + html(node.name) + "</b>";
	if (node.name != node.cls)
		text += "<br/><font point-size=\"9\">" + html(node.cls) + "</font>";
	std::string args = join_args(node.args);
	if (args.size() > longest) {
		args.resize(longest);
		while (!args.empty() && (static_cast<unsigned char>(args.back()) & 0xc0) == 0x80)
			args.pop_back(); // not half a character
		args += "…";
	}
	if (!args.empty())
		text += "<br/><font point-size=\"9\" color=\"#5b6b7b\">" + html(args) + "</font>";
	return text;
}

} // namespace

std::string print_dot(const Graph& graph, ClassLibrary& library, const std::string& title)
{
	std::string out = "digraph " + string(title) + " {\n" + std::string(head);
	std::map<std::string, std::vector<std::size_t>> state; // map → the atoms that touch it

	for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
		const Node& node = graph.nodes[i];
		const ClassInfo* info = info_of(library, node.cls);
		out += "\tn" + std::to_string(i) + " [label=<" + label(node) + ">, fillcolor=\"" + fill(node, info) +
		       "\", tooltip=" + string(info ? info->doc : node.cls) + "];\n";
		if (info)
			for (const std::string& map : info->state)
				state[map].push_back(i);
	}
	for (const auto& [map, atoms] : state)
		out += "\t" + string("state " + map) + " [label=" + string(map) +
		       ", shape=cylinder, style=filled, fillcolor=\"#fff7e8\", color=\"#c08a2c\"];\n";
	for (const Edge& e : graph.edges) {
		const ClassInfo* info = info_of(library, graph.nodes[static_cast<std::size_t>(e.from)].cls);
		const auto out_port = static_cast<std::size_t>(e.out);
		std::string text;
		// A number says nothing where there is only one output.
		if (!info || info->outputs.size() > 1 || (!info->outputs.empty() && info->outputs[0].repeated)) {
			text = std::to_string(e.out);
			if (info && out_port < info->outputs.size() && !info->outputs[out_port].repeated &&
			    !info->outputs[out_port].name.empty())
				text += " " + info->outputs[out_port].name;
		}
		out += "\tn" + std::to_string(e.from) + " -> n" + std::to_string(e.to);
		if (!text.empty())
			out += " [label=" + string(" " + text) + "]";
		out += ";\n";
	}
	for (const auto& [map, atoms] : state)
		for (const std::size_t atom : atoms)
			out += "\tn" + std::to_string(atom) + " -> " + string("state " + map) +
			       " [style=dashed, arrowhead=none, color=\"#c08a2c\", constraint=false];\n";
	return out + "}\n";
}

} // namespace nfup::intent
