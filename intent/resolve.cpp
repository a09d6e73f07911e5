// SPDX-License-Identifier: BSD-2-Clause
#include "resolve.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "arguments.h"
#include "bpf/contract.h"
#include "order.h"
#include "suggest.h"

namespace nfup::intent {

namespace {

std::size_t z(int i)
{
	return static_cast<std::size_t>(i);
}

std::string count(std::size_t n, const char* what)
{
	return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

class Resolver {
public:
	Resolver(const Graph& graph, ClassLibrary& library, Diagnostics& diagnostics,
		 const std::vector<std::string>& known_ports)
	    : graph_(graph), library_(library), diagnostics_(diagnostics), ports_(known_ports)
	{
	}

	Resolved run();

private:
	const ClassInfo* class_of(const Node& node);
	void read_nodes();
	std::size_t connected(const Node& node) const;
	void read_node(const Node& node);
	void read_edges();
	bool has_output(const Edge& edge) const;
	bool has_input(const Edge& edge) const;
	void check_connected();
	void read_entries();
	void check_reached();
	bool check_cycles();
	void check_depth();
	void check_limits();
	std::string output_name(int node, int out) const;
	std::string path_text(const std::vector<int>& path) const;
	const std::string& name(int node) const { return out_.nodes[z(node)].name; }

	const Graph& graph_;
	ClassLibrary& library_;
	Diagnostics& diagnostics_;
	PortTable ports_;
	Resolved out_;
	std::unordered_map<std::string, const ClassInfo*> classes_;
	std::vector<std::vector<bool>> fed_; // per node and input
	std::vector<int> device_;            // per node: the port it names
	std::vector<int> entry_nodes_;
	std::vector<bool> sources_; // nodes without inputs
	Successors next_;
};

const ClassInfo* Resolver::class_of(const Node& node)
{
	const auto [at, fresh] = classes_.try_emplace(node.cls, nullptr);
	if (!fresh)
		return at->second;

	auto found = library_.find(node.cls);
	if (!found) {
		diagnostics_.error(node.where, found.error().message, found.error().hint);
	} else if (!*found) {
		std::vector<std::string> names = library_.names();
		// A name never declared reads like a class: it may be a mistyped node.
		constexpr std::size_t few = 20; // more unknown classes are no typing mistakes
		if (node.args.empty() && classes_.size() <= few)
			for (const Node& other : graph_.nodes)
				if (!other.name.starts_with(other.cls) && other.name != node.cls)
					names.push_back(other.name);
		std::string hint = did_you_mean(node.cls, names);
		if (hint.empty())
			hint = "`nfup classes` lists what there is";
		diagnostics_.error(node.where, "unknown class `" + node.cls + "`", std::move(hint));
	} else {
		at->second = *found;
	}
	return at->second;
}

// Up to the last output that is connected.
std::size_t Resolver::connected(const Node& node) const
{
	const int index = static_cast<int>(&node - graph_.nodes.data());
	std::size_t outputs = 0;
	for (const Edge& edge : graph_.edges)
		if (edge.from == index)
			outputs = std::max(outputs, z(edge.out) + 1);
	return outputs;
}

void Resolver::read_node(const Node& node)
{
	ResolvedNode& out = out_.nodes.emplace_back();
	out.name = node.name;
	out.cls = node.cls;
	out.args = node.args;
	out.where = node.where;
	out.info = class_of(node);
	device_.push_back(-1);
	fed_.emplace_back();
	if (!out.info)
		return;

	Arguments args = read_arguments(*out.info, node, ports_, diagnostics_);
	out.values = std::move(args.values);
	out.tables = std::move(args.tables);
	device_.back() = args.device;
	fed_.back().resize(z(std::max(out.info->inputs, 0)));
	std::size_t outputs = out.info->outputs.size();
	if (outputs && out.info->outputs.back().repeated) {
		outputs += z(std::max(args.elements, 0)) - 1;
		if (args.elements < 0) // as many as are connected
			outputs = std::max({outputs, z(1), connected(node)});
	}
	out.out.assign(outputs, -1);
	if (outputs > NFUP_MAX_OUTPUTS)
		diagnostics_.error(node.where, node.name + " has " + count(outputs, "output") + "; a node can have " +
						   std::to_string(NFUP_MAX_OUTPUTS));
	// With broken arguments the number of outputs is anybody's guess.
	if (!args.ok && !out.info->outputs.empty() && out.info->outputs.back().repeated)
		out.out.assign(NFUP_MAX_OUTPUTS, -1), out.info = nullptr;
}

void Resolver::read_nodes()
{
	out_.nodes.reserve(graph_.nodes.size());
	for (const Node& node : graph_.nodes)
		read_node(node);
}

std::string Resolver::output_name(int node, int out) const
{
	const ClassInfo& info = *out_.nodes[z(node)].info;
	const std::size_t i = std::min(z(out), info.outputs.size() - 1);

	std::string text = "output " + std::to_string(out);
	if (!info.outputs[i].name.empty() && !info.outputs[i].repeated)
		text += " (" + info.outputs[i].name + ")";
	return text + " of " + name(node);
}

bool Resolver::has_output(const Edge& edge) const
{
	const ResolvedNode& from = out_.nodes[z(edge.from)];

	if (!from.info || z(edge.out) < from.out.size())
		return true;
	diagnostics_.error(edge.where, from.name + " has no output " + std::to_string(edge.out),
			   from.out.empty()
			       ? "packets end in a " + from.cls
			       : from.cls + " has " + count(from.out.size(), "output") + ", counted from 0");
	return false;
}

bool Resolver::has_input(const Edge& edge) const
{
	const ResolvedNode& to = out_.nodes[z(edge.to)];
	const std::size_t inputs = fed_[z(edge.to)].size();

	if (!to.info || z(edge.in) < inputs)
		return true;
	diagnostics_.error(edge.where, to.name + " has no input " + std::to_string(edge.in),
			   inputs ? to.cls + " has " + count(inputs, "input") + ", counted from 0"
				  : "packets begin in a " + to.cls);
	return false;
}

void Resolver::read_edges()
{
	out_.edges = graph_.edges;
	next_.resize(out_.nodes.size());
	for (const Edge& edge : out_.edges) {
		ResolvedNode& from = out_.nodes[z(edge.from)];
		std::vector<bool>& fed = fed_[z(edge.to)];
		next_[z(edge.from)].push_back(edge.to);
		// One mistake, one message: the sound end of a broken edge counts as
		// connected, and so does the port that was probably meant.
		const bool out_ok = has_output(edge), in_ok = has_input(edge);
		if (!fed.empty())
			fed[in_ok && z(edge.in) < fed.size() ? z(edge.in) : 0] = true;
		if (!out_ok || !from.info)
			continue;
		int& target = from.out[z(edge.out)];
		if (target >= 0)
			diagnostics_.error(edge.where,
					   output_name(edge.from, edge.out) + " goes to both " + name(target) +
					       " and " + name(edge.to),
					   "a packet leaves a node once; connect one of them to another output");
		else
			target = edge.to;
	}
}

void Resolver::check_connected()
{
	for (std::size_t i = 0; i < out_.nodes.size(); ++i) {
		const ResolvedNode& node = out_.nodes[i];
		if (!node.info)
			continue;
		for (std::size_t out = 0; out < node.out.size(); ++out) {
			const std::size_t declared = std::min(out, node.info->outputs.size() - 1);
			if (node.out[out] >= 0 || node.info->outputs[declared].optional)
				continue;
			diagnostics_.error(
			    node.where, output_name(static_cast<int>(i), static_cast<int>(out)) + " is not connected",
			    "connect it; Discard drops what it gets");
		}
		for (std::size_t in = 0; in < fed_[i].size(); ++in)
			if (!fed_[i][in])
				diagnostics_.error(node.where, fed_[i].size() == 1
								   ? "nobody feeds " + node.name
								   : "nobody feeds input " + std::to_string(in) +
									 " of " + node.name);
	}
}

void Resolver::read_entries()
{
	bool unknown = false;

	for (std::size_t i = 0; i < out_.nodes.size(); ++i) {
		const ResolvedNode& node = out_.nodes[i];
		unknown |= !node.info;
		sources_.push_back(node.info && node.info->inputs == 0);
		if (!sources_.back())
			continue;
		entry_nodes_.push_back(static_cast<int>(i));
		const bool takes_device = std::any_of(node.info->params.begin(), node.info->params.end(),
						      [](const Param& p) { return p.type == "device"; });
		if (!takes_device) {
			diagnostics_.error(node.where, node.name + " has neither inputs nor a device");
			continue;
		}
		if (device_[i] < 0)
			continue; // its missing argument has been reported
		auto& entries = out_.entries;
		if (entries.size() <= z(device_[i]))
			entries.resize(z(device_[i]) + 1, -1);
		int& entry = entries[z(device_[i])];
		if (entry >= 0)
			diagnostics_.error(node.where,
					   node.name + " and " + name(entry) + " both take the packets of " +
					       ports_.labels()[z(device_[i])],
					   "a device has one FromDevice");
		else
			entry = static_cast<int>(i);
	}
	out_.ports = ports_.labels();
	out_.entries.resize(out_.ports.size(), -1);
	if (entry_nodes_.empty() && !unknown)
		diagnostics_.error(graph_.nodes.empty() ? Location{} : graph_.nodes[0].where,
				   graph_.nodes.empty() ? "the intent has no nodes" : "no packet comes in",
				   "FromDevice takes packets from a device: FromDevice(p1)");
}

// Nodes with a feeder that no packet comes to; those without were reported.
void Resolver::check_reached()
{
	std::vector<int> from = entry_nodes_;
	for (std::size_t i = 0; i < out_.nodes.size(); ++i) {
		const bool fed = std::find(fed_[i].begin(), fed_[i].end(), true) != fed_[i].end();
		if (!out_.nodes[i].info || !fed)
			from.push_back(static_cast<int>(i));
	}
	const std::vector<bool> reached = reachable(next_, from);
	for (std::size_t i = 0; i < out_.nodes.size(); ++i)
		if (!reached[i])
			diagnostics_.error(out_.nodes[i].where, "no packet reaches " + out_.nodes[i].name,
					   "no path from a FromDevice leads to it");
}

std::string Resolver::path_text(const std::vector<int>& path) const
{
	constexpr std::size_t shown = 40; // a path this long is wrong anyway
	std::string text;

	for (std::size_t i = 0; i < path.size(); ++i) {
		if (path.size() > shown && i == shown - 5) {
			i = path.size() - 5;
			text += " -> … (" + std::to_string(path.size() - shown) + " more)";
		}
		text += (i ? " -> " : "") + name(path[i]);
	}
	return text;
}

bool Resolver::check_cycles()
{
	const auto rings = cycles(next_);

	for (std::vector<int> ring : rings) {
		const int first = ring.front();
		ring.push_back(first);
		diagnostics_.error(out_.nodes[z(first)].where, "packets could run in a circle: " + path_text(ring),
				   "a chain must end: send one of these elsewhere");
	}
	return rings.empty();
}

void Resolver::check_depth()
{
	out_.deepest = longest_path(next_, entry_nodes_);
	if (out_.deepest.empty())
		return;
	out_.depth = static_cast<int>(out_.deepest.size()) + 1; // ingress → root → the first
	if (out_.depth > NFUP_MAX_DEPTH)
		diagnostics_.error(out_.nodes[z(out_.deepest[NFUP_MAX_DEPTH - 1])].where,
				   "this path takes " + std::to_string(out_.depth) + " tail calls; the kernel allows " +
				       std::to_string(NFUP_MAX_DEPTH) + ": " + path_text(out_.deepest),
				   "shorten it by " + count(z(out_.depth - NFUP_MAX_DEPTH), "node"));
}

void Resolver::check_limits()
{
	if (out_.nodes.size() >= NFUP_MAX_COUNTERS)
		diagnostics_.error(out_.nodes[NFUP_MAX_COUNTERS - 1].where, std::to_string(out_.nodes.size()) +
										" nodes; an NF can have " +
										std::to_string(NFUP_MAX_COUNTERS - 1));
	if (out_.ports.size() > NFUP_MAX_PORTS)
		diagnostics_.error({}, std::to_string(out_.ports.size()) + " devices; an NF can have " +
					   std::to_string(NFUP_MAX_PORTS));
}

Resolved Resolver::run()
{
	read_nodes();
	read_edges();
	check_connected();
	read_entries();
	check_reached();
	if (check_cycles())
		check_depth();
	check_limits();
	return std::move(out_);
}

} // namespace

Resolved resolve(const Graph& graph, ClassLibrary& library, Diagnostics& diagnostics,
		 const std::vector<std::string>& known_ports)
{
	return Resolver(graph, library, diagnostics, known_ports).run();
}

} // namespace nfup::intent
