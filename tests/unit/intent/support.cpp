// SPDX-License-Identifier: BSD-2-Clause
#include "support.h"

#include <fstream>
#include <sstream>

#include "intent/config.h"

namespace nfup::intent::test {

Parsed parse_text(const std::string& text, const std::string& file)
{
	Parsed out;
	out.graph = parse(text, file, out.diagnostics);
	return out;
}

std::string show(const Graph& graph)
{
	std::string out;
	const auto name = [&](int i) {
		return graph.nodes[static_cast<std::size_t>(i)].name;
	};
	const auto add = [&](const std::string& text) {
		out += (out.empty() ? "" : "; ") + text;
	};

	for (const Node& n : graph.nodes)
		add(n.name + " :: " + n.cls + (n.args.empty() ? "" : "(" + join_args(n.args) + ")"));
	for (const Edge& e : graph.edges)
		add(name(e.from) + (e.out ? " [" + std::to_string(e.out) + "]" : "") + " -> " +
		    (e.in ? "[" + std::to_string(e.in) + "] " : "") + name(e.to));
	return out;
}

std::string rendered(const Diagnostics& diagnostics, const std::string& text, Severity least)
{
	std::string out;
	for (const Diagnostic& d : diagnostics.list())
		if (d.severity >= least)
			out += render(d, text);
	return out;
}

std::string read_source_file(const std::string& path)
{
	std::ifstream file(std::string(NFUP_SOURCE_DIR) + "/" + path);
	std::stringstream text;
	text << file.rdbuf();
	return text.str();
}

} // namespace nfup::intent::test
