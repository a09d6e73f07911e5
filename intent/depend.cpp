// SPDX-License-Identifier: BSD-2-Clause
#include "depend.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "order.h"

namespace nfup::intent {

namespace {

std::size_t z(int i)
{
	return static_cast<std::size_t>(i);
}

bool among(const std::vector<Fact>& facts, const std::string& name, int out)
{
	return std::any_of(facts.begin(), facts.end(),
			   [&](const Fact& f) { return f.name == name && (f.out < 0 || f.out == out); });
}

bool provides(const ClassInfo& info, const std::string& fact, int out)
{
	return among(info.provides, fact, out);
}

bool revokes(const ClassInfo& info, const std::string& fact, int out)
{
	return among(info.revokes, fact, out) || among(info.revokes, "*", out);
}

class Checker {
public:
	Checker(const Resolved& nf, ClassLibrary& library, Diagnostics& diagnostics)
	    : nf_(nf), library_(library), diagnostics_(diagnostics)
	{
	}

	std::vector<std::string> run();

private:
	void check(const std::string& fact);
	void report(const std::string& fact, int node, const std::vector<int>& by, const std::vector<int>& by_out);
	std::string providers(const std::string& fact);

	const Resolved& nf_;
	ClassLibrary& library_;
	Diagnostics& diagnostics_;
	Successors next_;
	std::vector<int> order_;
	std::map<std::string, std::string> providers_;
};

// "Classifier, CheckIPHeader": the classes behind which the fact holds.
std::string Checker::providers(const std::string& fact)
{
	const auto [at, fresh] = providers_.try_emplace(fact);
	if (!fresh)
		return at->second;

	std::vector<std::string> names = library_.names();
	std::sort(names.begin(), names.end());
	for (const std::string& name : names) {
		const auto info = library_.find(name);
		if (!info || !*info)
			continue;
		for (const Fact& f : (*info)->provides) {
			if (f.name != fact)
				continue;
			at->second += (at->second.empty() ? "" : ", ") + name;
			if (f.out >= 0 && z(f.out) < (*info)->outputs.size())
				at->second += " (output " + std::to_string(f.out) + ")";
			break;
		}
	}
	return at->second;
}

void Checker::report(const std::string& fact, int node, const std::vector<int>& by, const std::vector<int>& by_out)
{
	std::vector<int> path;
	for (int at = node; at >= 0; at = by[z(at)])
		path.push_back(at);
	std::reverse(path.begin(), path.end());

	const ResolvedNode& n = nf_.nodes[z(node)];
	std::string text;
	for (std::size_t i = 0; i < path.size(); ++i) {
		text += (i ? " -> " : "") + nf_.nodes[z(path[i])].name;
		if (i + 1 < path.size() && nf_.nodes[z(path[i])].out.size() > 1)
			text += " [" + std::to_string(by_out[z(path[i + 1])]) + "]";
	}
	const std::string who = providers(fact);
	diagnostics_.error(n.where, n.name + " needs `" + fact + "`, which does not hold on the path " + text,
			   who.empty() ? "no class provides " + fact : "put one of these before it: " + who);
}

// Forward, in topological order: where can a packet be without the fact? Each
// node keeps one predecessor of such a path, so that it can be shown.
void Checker::check(const std::string& fact)
{
	enum : char { unknown, holds, lacking };
	std::vector<char> state(nf_.nodes.size(), unknown);
	std::vector<int> by(nf_.nodes.size(), -1), by_out(nf_.nodes.size(), 0);

	for (const int i : order_) {
		const ResolvedNode& node = nf_.nodes[z(i)];
		if (!node.info)
			continue;
		if (node.info->inputs == 0)
			state[z(i)] = lacking;
		if (state[z(i)] == unknown)
			continue; // nothing reaches it, or only what is unknown itself
		bool missing = false;
		for (const Fact& f : node.info->requires_)
			missing |= f.name == fact;
		if (missing && state[z(i)] == lacking)
			report(fact, i, by, by_out);
		// One report a path: behind the node take the fact as given.
		const bool given = state[z(i)] == holds || missing;
		for (std::size_t out = 0; out < node.out.size(); ++out) {
			const int to = node.out[out];
			if (to < 0)
				continue;
			const int port = static_cast<int>(out);
			if ((given && !revokes(*node.info, fact, port)) || provides(*node.info, fact, port)) {
				if (state[z(to)] == unknown)
					state[z(to)] = holds;
			} else if (state[z(to)] != lacking) {
				state[z(to)] = lacking;
				by[z(to)] = i;
				by_out[z(to)] = static_cast<int>(out);
			}
		}
	}
}

std::vector<std::string> Checker::run()
{
	std::set<std::string> required, used;

	next_.resize(nf_.nodes.size());
	for (const Edge& edge : nf_.edges)
		next_[z(edge.from)].push_back(edge.to);
	order_ = topological(next_);
	std::set<const ClassInfo*> classes;
	for (const ResolvedNode& node : nf_.nodes)
		if (node.info)
			classes.insert(node.info);
	for (const ClassInfo* info : classes) {
		for (const Fact& f : info->requires_) {
			required.insert(f.name);
			used.insert(f.name);
		}
		for (const Fact& f : info->provides)
			used.insert(f.name);
		used.insert(info->code.begin(), info->code.end());
	}
	for (const std::string& fact : required)
		check(fact);
	return {used.begin(), used.end()};
}

} // namespace

std::vector<std::string> depend(const Resolved& nf, ClassLibrary& library, Diagnostics& diagnostics)
{
	return Checker(nf, library, diagnostics).run();
}

} // namespace nfup::intent
