// SPDX-License-Identifier: BSD-2-Clause
// check, build, classes, graph: what can be said of an intent without loading it.
#include <chrono>
#include <cstdio>
#include <iostream>

#include "cli.h"
#include "statemaps/queue.h"
#include "upgrade/build.h"
#include "upgrade/canary_check.h"

namespace nfup::tools {

namespace {

json nodes_json(const intent::Graph& graph)
{
	json nodes = json::array();
	for (const auto& node : graph.nodes)
		nodes.push_back({{"name", node.name}, {"class", node.cls}, {"args", node.args}});
	return nodes;
}

json edges_json(const intent::Graph& graph)
{
	json edges = json::array();
	const auto name = [&](int index) {
		return graph.nodes[static_cast<std::size_t>(index)].name;
	};
	for (const auto& edge : graph.edges)
		edges.push_back({{"from", name(edge.from)}, {"out", edge.out}, {"to", name(edge.to)}, {"in", edge.in}});
	return edges;
}

// Without what belongs to them.
std::vector<std::string> states_of(const intent::ClassInfo& info)
{
	std::vector<std::string> states = info.state;
	std::erase_if(states, statemaps::is_queue);
	return states;
}

json class_json(const intent::ClassInfo& info)
{
	json params = json::array(), outputs = json::array();
	for (const auto& param : info.params)
		params.push_back({{"name", param.name},
				  {"type", param.type},
				  {"default", param.fallback ? json(*param.fallback) : json()},
				  {"range", param.range},
				  {"doc", param.doc}});
	for (const auto& output : info.outputs)
		outputs.push_back(
		    {{"name", output.name}, {"optional", output.optional}, {"repeated", output.repeated}});
	const auto facts = [](const std::vector<intent::Fact>& list) {
		json names = json::array();
		for (const auto& fact : list)
			names.push_back(fact.out < 0 ? fact.name : fact.name + "@" + std::to_string(fact.out));
		return names;
	};
	return {{"name", info.name},
		{"kind", info.kind == intent::ClassKind::atom ? "atom" : "module"},
		{"doc", info.doc},
		{"inputs", info.inputs},
		{"outputs", outputs},
		{"params", params},
		{"requires", facts(info.requires_)},
		{"provides", facts(info.provides)},
		{"revokes", facts(info.revokes)},
		{"uses", info.uses},
		{"code", info.code},
		{"state", states_of(info)},
		{"kernel", intent::to_string(info.kernel)},
		{"source", info.source}};
}

void print_class(const intent::ClassInfo& info)
{
	std::cout << info.name << " (" << (info.kind == intent::ClassKind::atom ? "atom" : "module")
		  << "): " << info.doc << "\n";
	for (const auto& param : info.params)
		std::cout << "  " << param.name << " " << param.type
			  << (param.fallback ? " = " + *param.fallback : std::string(" (required)"))
			  << (param.range.empty() ? "" : " in " + param.range) << ": " << param.doc << "\n";
	int port = 0;
	for (const auto& output : info.outputs)
		std::cout << "  output " << (output.repeated ? "0…" : std::to_string(port++)) << ": " << output.name
			  << (output.optional ? " (may stay unconnected)" : "") << "\n";
	const auto facts = [](const char* what, const std::vector<intent::Fact>& list) {
		for (const auto& fact : list)
			std::cout << "  " << what << " " << fact.name
				  << (fact.out < 0 ? "" : " behind output " + std::to_string(fact.out)) << "\n";
	};
	facts("requires", info.requires_);
	facts("provides", info.provides);
	facts("revokes", info.revokes);
	if (!info.code.empty())
		std::cout << "  uses " << join(info.uses) << "; linked with " << join(info.code) << "\n";
	if (!info.state.empty())
		std::cout << "  state: " << join(states_of(info)) << "\n";
	if (info.kernel > intent::oldest_kernel)
		std::cout << "  needs Linux " << intent::to_string(info.kernel) << "\n";
	std::cout << "  source: " << info.source << "\n";
}

} // namespace

int run_check(const Cli& cli)
{
	std::optional<intent::Kernel> kernel;
	if (cli.options.count("kernel")) {
		const auto text = cli.options["kernel"].as<std::string>();
		kernel = intent::read_kernel(text);
		if (!kernel)
			return report(cli, {ErrorKind::intent, "--kernel " + text + " is no version of a kernel",
					    "as uname -r tells it, or its first two numbers: --kernel 6.1"});
	}
	auto workplace = open_workplace(cli, cli.words[0]);
	if (!workplace)
		return report(cli, workplace.error());
	auto& [intent, library] = *workplace;
	intent::Diagnostics diagnostics;
	const auto checked = upgrade::check(intent.text, intent.file, library, diagnostics, {}, kernel);
	upgrade::CanaryFile canaries;
	if (diagnostics.ok()) {
		std::vector<bool> receiving;
		for (const int entry : checked.nf.entries)
			receiving.push_back(entry >= 0);
		canaries = upgrade::read_canaries(intent, checked.nf.ports, receiving, diagnostics);
	}
	if (cli.as_json) {
		print_json({{"ok", diagnostics.ok()},
			    {"nodes", nodes_json(checked.graph)},
			    {"edges", edges_json(checked.graph)},
			    {"depth", checked.nf.depth},
			    {"ports", checked.nf.ports},
			    {"functionalities", checked.functionalities},
			    {"canary", {{"file", intent.canary_file}, {"cases", canaries.cases.size()}}},
			    {"diagnostics", to_json(diagnostics)}});
		return diagnostics.ok() ? 0 : 1;
	}
	print_diagnostics(diagnostics, intent);
	if (!diagnostics.ok())
		return 1;
	for (const auto& node : checked.graph.nodes)
		printf("  %-16s %s(%s)\n", node.name.c_str(), node.cls.c_str(), join(node.args).c_str());
	std::cout << checked.graph.nodes.size() << " nodes, " << checked.graph.edges.size() << " edges, ports "
		  << join(checked.nf.ports) << "; " << checked.nf.depth << " tail calls on the longest path\n"
		  << "functionalities: " << join(checked.functionalities) << "\n";
	return 0;
}

namespace {

void report_build(const Cli& cli, const std::vector<std::string>& compiled, const std::vector<std::string>& reused,
		  double build_ms, const intent::Diagnostics& diagnostics)
{
	if (cli.as_json)
		print_json({{"ok", true},
			    {"compiled", compiled},
			    {"reused", reused},
			    {"build_ms", build_ms},
			    {"diagnostics", to_json(diagnostics)}});
	else
		printf("compiled %zu (%s), reused %zu, %.1f ms\n", compiled.size(), join(compiled).c_str(),
		       reused.size(), build_ms);
}

// For an installation: after it no attach compiles a bundled class.
int build_library(const Cli& cli)
{
	const auto start = std::chrono::steady_clock::now();
	auto library = cli.library();
	if (!library)
		return report(cli, library.error());
	std::vector<std::string> names = library->names();
	names.insert(names.end(), {"root", "ingress"});
	library->prepare(names);
	for (const std::string& name : names)
		if (auto built = library->get(name); !built)
			return report(cli, built.error());
	const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
	report_build(cli, library->compiled(), library->reused(), elapsed.count(), {});
	return 0;
}

} // namespace

int run_build(const Cli& cli)
{
	if (cli.words.empty())
		return build_library(cli);
	auto workplace = open_workplace(cli, cli.words[0]);
	if (!workplace)
		return report(cli, workplace.error());
	auto& [intent, library] = *workplace;
	intent::Diagnostics diagnostics;
	const auto built = upgrade::build(intent.text, intent.file, library, diagnostics);
	if (!built)
		return report(cli, built.error(), diagnostics, intent);
	if (!cli.as_json)
		print_diagnostics(diagnostics, intent);
	report_build(cli, built->compiled, built->reused, built->build_ms, diagnostics);
	return 0;
}

int run_classes(const Cli& cli)
{
	auto library = cli.library();
	if (!library)
		return report(cli, library.error());
	std::vector<std::string> names = library->names();
	if (!cli.words.empty()) {
		if (std::ranges::find(names, cli.words[0]) == names.end())
			return report(cli, {ErrorKind::intent, "there is no class '" + cli.words[0] + "'",
					    "nfup classes lists them"});
		names = {cli.words[0]};
	}
	library->prepare(names);
	json list = json::array();
	for (const std::string& name : names) {
		const auto info = library->find(name);
		if (!info)
			return report(cli, info.error());
		if (cli.as_json)
			list.push_back(class_json(**info));
		else if (!cli.words.empty())
			print_class(**info);
		else
			printf("%-16s %-7s %s%s\n", name.c_str(),
			       (*info)->kind == intent::ClassKind::atom ? "atom" : "module", (*info)->doc.c_str(),
			       (*info)->kernel > intent::oldest_kernel
				   ? (" (Linux " + intent::to_string((*info)->kernel) + ")").c_str()
				   : "");
	}
	if (cli.as_json)
		print_json(cli.words.empty() ? list : list[0]);
	return 0;
}

} // namespace nfup::tools
