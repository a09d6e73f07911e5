// SPDX-License-Identifier: BSD-2-Clause
#include "canary.h"

#include <algorithm>
#include <map>
#include <set>

#include "canary_judge.h"
#include "canary_set.h"
#include "clock.h"
#include "packet_text.h"

namespace nfup::upgrade {

namespace {

constexpr std::size_t most_failures = 10;
constexpr std::size_t most_differences = 100;

std::string join(const std::vector<std::string>& words, const char* separator)
{
	std::string text;
	for (const auto& word : words)
		text += (text.empty() ? "" : separator) + word;
	return text;
}

// Names of nodes of the target that are not as they run now.
std::set<std::string> changed_nodes(const Generation& target, const Generation& running)
{
	std::map<std::string, std::string> now;
	for (const GenerationNode& node : running.nodes)
		now.emplace(node.name, node.identity);
	std::set<std::string> changed;
	for (const GenerationNode& node : target.nodes)
		if (const auto known = now.find(node.name); known == now.end() || known->second != node.identity)
			changed.insert(node.name);
	return changed;
}

class Run {
public:
	Run(const CanaryInput& input, Scratch& scratch, CanaryReport& report)
	    : input_(input), scratch_(scratch), report_(report)
	{
	}

	Result<void> written(const CanaryFile& file)
	{
		for (const CanaryCase& one : file.cases) {
			report_.cases++;
			if (auto forgotten = scratch_.forget(); !forgotten)
				return forgotten;
			for (const CanaryStep& step : one.steps) {
				auto trip = scratch_.run(step.port, step.frame);
				if (!trip)
					return pass(trip);
				report_.packets++;
				auto got = judge(step, *trip, input_.ports);
				if (!got)
					continue;
				const std::string& expected = step.expect.text;
				report_.failed.push_back({one.name, step.line, label(step.port), step.text,
							  expected.empty() ? "any verdict" : expected, *got,
							  trip->path});
				break; // what follows builds on this step
			}
		}
		return {};
	}

	Result<void> generated()
	{
		std::vector<int> receiving;
		for (std::size_t i = 0; i < input_.ports.size(); i++)
			if (scratch_.receives(static_cast<int>(i)))
				receiving.push_back(static_cast<int>(i));
		std::vector<std::string> args;
		for (const GenerationNode& node : input_.target.nodes)
			args.insert(args.end(), node.args.begin(), node.args.end());
		const auto groups = generate_packets(receiving, args);

		const std::set<std::string> changed =
		    input_.running ? changed_nodes(input_.target, *input_.running) : std::set<std::string>();
		std::vector<std::pair<const PacketGroup*, std::vector<Trip>>> touched;
		for (const PacketGroup& group : groups) {
			auto trips = run_group(group);
			if (!trips)
				return pass(trips);
			report_.packets += static_cast<int>(group.size());
			for (std::size_t i = 0; i < group.size(); i++)
				if (is_broken((*trips)[i]))
					fail(group[i], "forward, drop or pass", (*trips)[i]);
			if (report_.failed.size() >= most_failures)
				return {};
			if (std::ranges::any_of(*trips, [&](const Trip& trip) { return !met(trip, changed).empty(); }))
				touched.emplace_back(&group, std::move(*trips));
		}
		// A group that met nothing that changed ran the very programs that run now,
		// on the same state: there is nothing to compare.
		if (!input_.running || touched.empty() || !report_.failed.empty())
			return {};
		if (auto added = scratch_.add_running(*input_.running); !added) {
			// No fault of the new one: an object of the old may be lost.
			report_.note = "not compared with the generation that runs: " + added.error().message;
			return {};
		}
		for (const auto& [group, after] : touched)
			if (auto compared = compare(*group, after, changed); !compared)
				return compared;
		return {};
	}

private:
	std::string label(int port) const { return input_.ports.at(static_cast<std::size_t>(port)); }

	void fail(const GeneratedPacket& packet, const std::string& expected, const Trip& trip)
	{
		report_.failed.push_back({"generated", 0, label(packet.port), packet::to_text(packet.frame), expected,
					  describe(trip, input_.ports), trip.path});
	}

	static std::vector<std::string> met(const Trip& trip, const std::set<std::string>& changed)
	{
		std::vector<std::string> nodes;
		for (const std::string& node : trip.path)
			if (changed.contains(node))
				nodes.push_back(node);
		return nodes;
	}

	Result<std::vector<Trip>> run_group(const PacketGroup& group)
	{
		if (auto forgotten = scratch_.forget(); !forgotten)
			return pass(forgotten);
		std::vector<Trip> trips;
		for (const GeneratedPacket& packet : group) {
			if (!scratch_.receives(packet.port)) { // the running generation does not
				trips.emplace_back();
				continue;
			}
			auto trip = scratch_.run(packet.port, packet.frame);
			if (!trip)
				return pass(trip);
			trips.push_back(std::move(*trip));
		}
		return trips;
	}

	// With the generation that runs. A packet that met a node that changed may fare
	// otherwise, and that is said. One that met none may not, unless one before it
	// visibly did: a changed node has then silently written other state.
	Result<void> compare(const PacketGroup& group, const std::vector<Trip>& after,
			     const std::set<std::string>& changed)
	{
		if (auto selected = scratch_.select(Scratch::Which::running); !selected)
			return selected;
		auto before = run_group(group);
		if (!before)
			return pass(before);
		bool diverged = false;
		for (std::size_t i = 0; i < group.size(); i++) {
			const Trip& was = (*before)[i];
			const Trip& is = after[i];
			if (!scratch_.receives(group[i].port) || same_fate(was, is))
				continue;
			const auto nodes = met(is, changed);
			if (nodes.empty() && !diverged && !input_.file) {
				auto steady = repeats(group, *before, after);
				if (!steady)
					return pass(steady);
				if (!*steady)
					return {};
				fail(group[i],
				     describe(was, input_.ports) + " as before, since no node on its path changed", is);
				return {};
			}
			diverged = true;
			if (report_.different++ < static_cast<int>(most_differences))
				report_.differences.push_back({label(group[i].port), packet::to_text(group[i].frame),
							       describe(was, input_.ports), describe(is, input_.ports),
							       nodes});
		}
		return {};
	}

	// Some classes sample at random: what does not repeat shows nothing.
	Result<bool> repeats(const PacketGroup& group, const std::vector<Trip>& before, const std::vector<Trip>& after)
	{
		for (int round = 0; round < 8; round++)
			for (const auto which : {Scratch::Which::running, Scratch::Which::target}) {
				if (auto selected = scratch_.select(which); !selected)
					return pass(selected);
				auto again = run_group(group);
				if (!again)
					return pass(again);
				const auto& first = which == Scratch::Which::running ? before : after;
				if (!std::ranges::equal(*again, first, same_fate))
					return false;
			}
		return true;
	}

	const CanaryInput& input_;
	Scratch& scratch_;
	CanaryReport& report_;
};

} // namespace

std::string CanaryReport::reason() const
{
	if (failed.empty())
		return {};
	const CanaryFailure& first = failed.front();
	const std::string place =
	    first.line ? "canary \"" + first.name + "\" (" + file + ":" + std::to_string(first.line) + ")"
		       : "a generated packet";
	return place + ": expected " + first.expected + ", got " + first.got + "\n  packet  " + first.port + ": " +
	       first.packet + "\n  path    " + join(first.path, " -> ") +
	       (failed.size() > 1 ? "\n  and " + std::to_string(failed.size() - 1) + " more" : "");
}

std::string CanaryReport::hint() const
{
	if (failed.empty())
		return {};
	return failed.front().line
		   ? "mend the intent or its classes, or the canary if it expects too much; nothing was changed"
		   : "mend the node that did this; if it is meant, say so in a canary file, or skip the check with "
		     "--no-canary; nothing was changed";
}

Result<CanaryReport> run_canaries(const CanaryInput& input)
{
	const auto start = Clock::now();
	CanaryReport report;
	if (input.file)
		report.file = input.file->file;
	auto scratch = Scratch::make(input.target, input.devices, input.pins);
	if (!scratch)
		return pass(scratch);
	Run run(input, *scratch, report);
	if (input.file)
		if (auto ran = run.written(*input.file); !ran)
			return pass(ran);
	if (auto ran = run.generated(); !ran)
		return pass(ran);
	scratch->drop_unused();
	report.loaded = scratch->loaded();
	report.ms = ms_since(start);
	return report;
}

} // namespace nfup::upgrade
