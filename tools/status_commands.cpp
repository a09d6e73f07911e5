// SPDX-License-Identifier: BSD-2-Clause
// status, history: what runs, and how it came to run.
#include <cstdio>
#include <iostream>

#include "cli.h"
#include "upgrade/status.h"

namespace nfup::tools {

namespace {

json traffic_json(const upgrade::Traffic& traffic)
{
	return {{"packets", traffic.packets},
		{"bytes", traffic.bytes},
		{"drops", traffic.drops},
		{"events", traffic.events}};
}

json to_json(const upgrade::Status& status)
{
	json ports = json::array(), nodes = json::array(), state = json::array();
	for (const auto& port : status.ports) {
		json value = {
		    {"label", port.label}, {"ifname", port.ifname}, {"ifindex", port.ifindex}, {"mode", port.mode}};
		if (port.hosted)
			value["hosted"] = {{"program", port.hosted->name},
					   {"prog_id", port.hosted->prog_id},
					   {"origin", port.hosted->origin},
					   {"found_by", port.hosted->way}};
		ports.push_back(value);
	}
	for (const auto& node : status.nodes) {
		json value = traffic_json(node.traffic);
		value["name"] = node.name;
		value["class"] = node.cls;
		value["slot"] = node.slot;
		value["prog_id"] = node.prog_id;
		nodes.push_back(value);
	}
	for (const auto& map : status.state)
		state.push_back({{"atom", map.atom},
				 {"map_id", map.map_id},
				 {"entries", map.entries},
				 {"max_entries", map.max_entries},
				 {"schema", map.schema}});
	return {{"name", status.name},
		{"generation", status.generation},
		{"kept", status.kept},
		{"intent", status.intent_file},
		{"netns", status.netns},
		{"ports", ports},
		{"ingress", traffic_json(status.ingress)},
		{"root", traffic_json(status.root)},
		{"nodes", nodes},
		{"state", state},
		{"tail_call_miss", status.tail_call_miss},
		{"unfinished", status.unfinished},
		{"frozen", status.frozen}};
}

std::string counts_text(const upgrade::Traffic& traffic)
{
	std::vector<std::string> words;
	for (const auto* counts : {&traffic.drops, &traffic.events})
		for (const auto& [what, count] : *counts)
			words.push_back(what + " " + std::to_string(count));
	return join(words);
}

void print_status(const upgrade::Status& status)
{
	std::cout << status.name << ": generation " << status.generation << " (" << status.intent_file << ")\n";
	for (const auto& port : status.ports) {
		std::cout << "  port " << port.label << " = " << port.ifname
			  << (status.netns.empty() ? "" : " in " + status.netns) << ", " << port.mode << "\n";
		if (port.hosted)
			std::cout << "    then " << port.hosted->name << " (id " << port.hosted->prog_id
				  << (port.hosted->way.empty() ? "" : ", found there, attached by " + port.hosted->way)
				  << ")\n";
	}
	printf("  %-16s %-16s %5s %6s %12s %14s  %s\n", "node", "class", "slot", "prog", "packets", "bytes",
	       "drops and events");
	for (const auto& node : status.nodes)
		printf("  %-16s %-16s %5u %6u %12lu %14lu  %s\n", node.name.c_str(), node.cls.c_str(), node.slot,
		       node.prog_id, node.traffic.packets, node.traffic.bytes, counts_text(node.traffic).c_str());
	for (const auto* traffic : {&status.ingress, &status.root})
		if (!traffic->drops.empty())
			std::cout << "  before the first node: " << counts_text(*traffic) << "\n";
	for (const auto& map : status.state)
		printf("  state %-10s %lu of %lu entries\n", map.atom.c_str(), map.entries, map.max_entries);
	std::cout << "  missed tail calls: " << status.tail_call_miss << "\n";
	if (!status.frozen.empty())
		std::cout << "  frozen: " << status.frozen << "\n";
	if (!status.unfinished.empty())
		std::cout << "  a `" << status.unfinished << "` is going on, or died: nfup recover " << status.name
			  << "\n";
}

} // namespace

int run_status(const Cli& cli)
{
	json all = json::array();
	const bool one = !cli.words.empty();
	for (const auto& nf : one ? cli.words : upgrade::list_nfs(cli.folders)) {
		const auto status = upgrade::read_status(cli.folders, nf);
		if (!status) {
			if (one)
				return report(cli, status.error());
			// One broken NF must not hide the others.
			all.push_back({{"name", nf}, {"error", status.error().message}, {"hint", status.error().hint}});
			if (!cli.as_json)
				std::cout << nf << ": " << status.error().message << "\n";
			continue;
		}
		all.push_back(to_json(*status));
		if (!cli.as_json)
			print_status(*status);
	}
	if (cli.as_json)
		print_json(one ? all[0] : json{{"nfs", all}});
	else if (all.empty())
		std::cout << "no NF is attached\n";
	return 0;
}

int run_history(const Cli& cli)
{
	auto store = upgrade::Store::open(cli.folders, cli.words[0]);
	if (!store)
		return report(cli, store.error());
	if (auto record = store->read_nf(); !record)
		return report(cli, record.error());
	auto entries = store->read_history();
	if (!entries)
		return report(cli, entries.error());
	if (cli.as_json) {
		print_json({{"name", cli.words[0]}, {"generations", *entries}});
		return 0;
	}
	for (const json& entry : *entries) {
		const auto number = [&](const char* key) {
			return entry.value(key, 0.0);
		};
		printf("%4d  %s  %-8s %-11s  build %.1f ms, load %.1f ms, flip %.0f us, drain %.1f ms, total %.1f ms\n",
		       entry.value("generation", 0), entry.value("at", "").c_str(), entry.value("action", "").c_str(),
		       entry.value("result", "").c_str(), number("build_ms"), number("load_ms"), number("flip_us"),
		       number("drain_ms"), number("total_ms"));
		const auto changed = entry.value("changed", std::vector<std::string>{});
		std::cout << "      changed: " << (changed.empty() ? "nothing" : join(changed)) << "\n";
		if (const auto reason = entry.value("reason", ""); !reason.empty())
			std::cout << "      " << reason << "\n";
	}
	return 0;
}

} // namespace nfup::tools
