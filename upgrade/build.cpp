// SPDX-License-Identifier: BSD-2-Clause
#include "build.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>

#include "bpf/contract.h"
#include "intent/depend.h"
#include "intent/hash.h"
#include "intent/parse.h"
#include "statemaps/queue.h"
#include "loader/code_hash.h"

namespace nfup::upgrade {

namespace {

// What nodes say with CAPACITY. Those that share a state and say it must agree.
void read_capacities(const intent::Resolved& nf, loader::Library& library, std::map<std::string, StateMap>& state,
		     intent::Diagnostics& diagnostics)
{
	std::map<std::string, std::pair<const intent::ResolvedNode*, std::uint32_t>> said; // by state
	for (const intent::ResolvedNode& node : nf.nodes) {
		const auto cls = library.get(node.cls);
		if (!cls || (*cls)->info.capacity.empty())
			continue;
		std::uint32_t entries = 0;
		std::memcpy(&entries, node.values.back().data(), sizeof entries); // the last parameter
		if (entries == 0)
			continue;
		const std::string& atom = (*cls)->info.capacity;
		const auto [known, fresh] = said.emplace(atom, std::pair{&node, entries});
		if (!fresh && known->second.second != entries)
			diagnostics.error(node.where,
					  node.name + " asks for " + std::to_string(entries) +
					      " entries of the state " + atom + ", " + known->second.first->name +
					      " for " + std::to_string(known->second.second),
					  "give all its nodes the same CAPACITY, or only one of them");
	}
	for (const auto& [atom, what] : said) {
		const std::uint32_t declared = std::max(state.at(atom).schema.max_entries, 1u);
		state.at(atom).schema.max_entries = what.second;
		if (const auto queue = state.find(statemaps::queue_of(atom)); queue != state.end())
			queue->second.schema.max_entries = static_cast<std::uint32_t>(
			    std::uint64_t{queue->second.schema.max_entries} * what.second / declared);
	}
}

std::string render_errors(const intent::Diagnostics& diagnostics, const std::string& text)
{
	std::string all;
	for (const auto& diagnostic : diagnostics.list())
		if (diagnostic.severity == intent::Severity::error)
			all += (all.empty() ? "" : "\n") + intent::render(diagnostic, text);
	return all;
}

BuiltNode root_node(const intent::Resolved& nf, const loader::Library::Class& cls)
{
	BuiltNode root{"root", "root", {}, {}, cls.object.path, cls.code, {}, {}};
	for (const int entry : nf.entries)
		root.out.push_back(entry < 0 ? -1 : entry + 1);
	while (!root.out.empty() && root.out.back() < 0) // ports that are only known: no difference
		root.out.pop_back();
	return root;
}

// All of them from one note, or from the classes.
DeclaredMaps declared_maps(const intent::Resolved& nf, loader::Library& library, intent::Diagnostics& diagnostics)
{
	std::map<std::string, const loader::Library::Class*> classes;
	Hasher key;
	for (const intent::ResolvedNode& node : nf.nodes) {
		const auto cls = library.get(node.cls); // there: it is resolved
		if (cls && *cls && classes.emplace(node.cls, *cls).second)
			key.add((*cls)->object.path.string());
	}
	if (auto known = recall_maps(library.cache(), key.hex()))
		return *std::move(known);
	DeclaredMaps maps;
	for (const intent::ResolvedNode& node : nf.nodes) {
		const auto found = classes.extract(node.cls);
		if (!found)
			continue;
		auto layout = recall_layout(library.cache(), *found.mapped());
		const auto added = layout ? maps.add(node.cls, found.mapped()->object.path, *layout) : pass(layout);
		if (!added)
			diagnostics.error(node.where, added.error().message, added.error().hint);
	}
	if (diagnostics.ok())
		keep_maps(library.cache(), key.hex(), maps);
	return maps;
}

// `classes`: to have ready as well, in the same go.
Checked check_with(std::vector<std::string> classes, const std::string& text, const std::string& file,
		   loader::Library& library, intent::Diagnostics& diagnostics,
		   const std::vector<std::string>& known_ports, std::optional<intent::Kernel> kernel)
{
	Checked checked;
	checked.graph = intent::parse(text, file, diagnostics);
	for (const intent::Node& node : checked.graph.nodes) {
		classes.push_back(node.cls);
		if (node.name == "root" || node.name == "ingress")
			diagnostics.error(node.where, "the name '" + node.name + "' is taken by the framework",
					  "give the node another name");
	}
	library.prepare(classes);
	for (const std::string& name : library.shadowed())
		if (std::ranges::find(classes, name) != classes.end())
			diagnostics.warning({file, 0, 0},
					    "class " + name + " comes from --lib, not from the bundled classes");
	if (!diagnostics.ok())
		return checked;
	checked.nf = intent::resolve(checked.graph, library, diagnostics, known_ports);
	if (diagnostics.ok() && kernel)
		intent::check_kernel(checked.nf, *kernel, diagnostics);
	if (diagnostics.ok())
		checked.functionalities = intent::depend(checked.nf, library, diagnostics);
	if (diagnostics.ok())
		checked.maps = declared_maps(checked.nf, library, diagnostics);
	if (diagnostics.ok())
		read_capacities(checked.nf, library, checked.maps.state, diagnostics);
	if (diagnostics.ok() && checked.nf.ports.size() > NFUP_MAX_OUTPUTS)
		diagnostics.error({file, 0, 0}, "too many ports: " + std::to_string(checked.nf.ports.size()),
				  "an NF has at most " + std::to_string(NFUP_MAX_OUTPUTS) + " devices");
	return checked;
}

} // namespace

Checked check(const std::string& text, const std::string& file, loader::Library& library,
	      intent::Diagnostics& diagnostics, const std::vector<std::string>& known_ports,
	      std::optional<intent::Kernel> kernel)
{
	return check_with({}, text, file, library, diagnostics, known_ports, kernel);
}

Result<Build> build(const std::string& text, const std::string& file, loader::Library& library,
		    intent::Diagnostics& diagnostics, const std::vector<std::string>& known_ports,
		    std::optional<intent::Kernel> kernel)
{
	const auto start = std::chrono::steady_clock::now();
	const Checked checked = check_with({"root", "ingress"}, text, file, library, diagnostics, known_ports, kernel);
	if (!diagnostics.ok())
		return fail(ErrorKind::intent, render_errors(diagnostics, text));

	Build build;
	build.file = file;
	build.text = text;
	build.ports = checked.nf.ports;
	static_cast<DeclaredMaps&>(build) = checked.maps;
	build.depth = checked.nf.depth;
	auto root = library.get("root"), ingress = library.get("ingress");
	for (auto* core : {&root, &ingress})
		if (!*core)
			return pass(*core);
	build.ingress = (*ingress)->object.path;
	build.nodes.push_back(root_node(checked.nf, **root));

	std::set<std::string> stateful;
	for (const intent::ResolvedNode& node : checked.nf.nodes) {
		auto cls = library.get(node.cls);
		if (!cls)
			return pass(cls);
		if (!(*cls)->info.state.empty())
			stateful.insert(node.cls);
		BuiltNode built{node.name,           node.cls,     node.args, {},
				(*cls)->object.path, (*cls)->code, {},        (*cls)->info.state};
		for (const int to : node.out)
			built.out.push_back(to < 0 ? -1 : to + 1);
		for (std::size_t i = 0; i < node.values.size(); i++) {
			const intent::Param& param = (*cls)->info.params[i];
			if (!(*cls)->info.capacity.empty() && param.name == intent::capacity_param)
				continue;
			built.constants.push_back({param.name, node.values[i]});
			std::uint32_t port = 0;
			if (param.type == "device" && node.values[i].size() == sizeof port) {
				memcpy(&port, node.values[i].data(), sizeof port);
				build.used_ports.insert(static_cast<int>(port));
			}
		}
		for (const intent::TableContent& table : node.tables)
			built.constants.push_back({table.name, table.bytes});
		build.nodes.push_back(std::move(built));
	}
	for (const std::string& cls : stateful)
		if (auto object = library.settling(cls)) // else its states cannot migrate
			build.settling.emplace(cls, object->path);
	build.compiled = library.compiled();
	if (!build.compiled.empty())
		library.cache().shrink();
	build.reused = library.reused();
	build.build_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
	return build;
}

Result<Build> rebuild(const Generation& generation, loader::Library& library)
{
	Build build;
	build.file = generation.intent_file;
	build.text = generation.intent;
	for (const Port& port : generation.ports)
		build.ports.push_back(port.label);
	library.prepare({"ingress"});
	auto ingress = library.get("ingress");
	if (!ingress)
		return pass(ingress);
	build.ingress = (*ingress)->object.path;
	for (const GenerationNode& node : generation.nodes) {
		auto code = loader::code_hash(node.object);
		if (!code)
			return pass(code);
		auto layout = read_layout(node.object, node.cls, node.state);
		if (!layout)
			return pass(layout);
		if (auto added = build.add(node.cls, node.object, *layout); !added)
			return pass(added);
		// root's are the devices', which have other numbers now
		const bool root = node.cls == "root";
		build.nodes.push_back({node.name, node.cls, node.args, node.out, node.object, *std::move(code),
				       root ? std::vector<loader::Constant>() : node.constants, node.state});
	}
	return build;
}

std::string identity(const BuiltNode& node, const Build& build, const std::map<std::string, std::uint32_t>& map_ids,
		     std::uint32_t counter)
{
	Hasher hasher;
	hasher.add(node.name).add(node.cls).add(node.code).add(counter);
	for (const auto& constant : node.constants)
		hasher.add(constant.variable).add(std::span<const std::uint8_t>(constant.bytes));
	for (const int to : node.out)
		hasher.add(to < 0 ? "" : build.nodes[static_cast<std::size_t>(to)].name);
	for (const std::string& name : node.state)
		hasher.add(build.state.at(name).schema.hash()).add(map_ids.at(name));
	if (node.cls != "root") // root stays clear of the context
		hasher.add(build.contract);
	return hasher.hex();
}

} // namespace nfup::upgrade
