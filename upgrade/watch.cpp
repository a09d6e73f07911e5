// SPDX-License-Identifier: BSD-2-Clause
#include "watch.h"

#include <algorithm>

#include "clock.h"

namespace nfup::upgrade {

namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr nanoseconds longest_before = std::chrono::seconds(1);

std::unexpected<Error> interrupted(const char* signal)
{
	return fail(ErrorKind::refused,
		    std::string("interrupted by ") + signal + " before the flip: nothing has changed");
}

template <class T> nlohmann::json or_null(const std::optional<T>& value)
{
	return value ? nlohmann::json(*value) : nlohmann::json();
}

} // namespace

nlohmann::json to_json(const WatchReport& report)
{
	nlohmann::json guards = nlohmann::json::array();
	for (const Verdict& verdict : report.guards)
		guards.push_back({{"guard", verdict.guard},
				  {"unit", verdict.unit},
				  {"value", or_null(verdict.value)},
				  {"limit", or_null(verdict.limit)},
				  {"before", or_null(verdict.before)},
				  {"ok", verdict.ok},
				  {"note", verdict.note}});
	return {{"seconds", report.seconds},
		{"packets", report.packets},
		{"before_packets", report.before_packets},
		{"guards", guards},
		{"note", report.note}};
}

Watch::Watch(const Framework& framework, const Generation& running, const WatchOptions& options)
    : framework_(framework), running_(running), options_(options), start_(Clock::now())
{
	counters_["ingress"] = 0;
	for (const GenerationNode& node : running.nodes) {
		counters_[node.name] = node.counter;
		last_[node.name] = node.out.empty();
	}
}

Result<Watch> Watch::begin(const Framework& framework, const Generation& running, const WatchOptions& options)
{
	Watch watch(framework, running, options);
	auto first = watch.read();
	if (!first)
		return pass(first);
	watch.first_ = std::move(*first);
	return watch;
}

Result<Window> Watch::read() const
{
	// A process that loses its CPU in the middle reads a blurred picture: again then.
	for (int tries = 3;; tries--) {
		Window window;
		const auto start = Clock::now();
		auto in = framework_.read_counter(0);
		if (!in)
			return pass(in);
		for (const auto& [name, counter] : counters_) {
			auto counted = framework_.read_counter(counter);
			if (!counted)
				return pass(counted);
			NodeTraffic& node = window.nodes[name];
			node.packets = counted->packets;
			std::copy_n(counted->drops, node.drops.size(), node.drops.begin());
			const auto last = last_.find(name);
			node.last = last != last_.end() && last->second;
		}
		auto after = framework_.read_counter(0);
		if (!after)
			return pass(after);
		window.blur = after->packets - in->packets;
		window.seconds = duration<double>(Clock::now() - start_).count();
		if (tries == 1 || Clock::now() - start < milliseconds(1))
			return window;
	}
}

Result<void> Watch::check(const Generation& draft) const
{
	std::vector<std::string> names;
	for (const auto* generation : {&draft, &running_})
		for (const GenerationNode& node : generation->nodes)
			names.push_back(node.name);
	return check_nodes(options_.guards, names);
}

Result<void> Watch::look_before(const Generation& draft, const Signals& signals)
{
	const bool compares = std::ranges::any_of(options_.guards, &Guard::relative);
	const auto until = start_ + std::min(options_.time, longest_before);
	if (const char* signal = compares ? signals.wait(until - Clock::now()) : signals.pending())
		return interrupted(signal);
	auto now = read();
	if (!now)
		return pass(now);
	before_ = {between(first_, *now), *now};
	for (const GenerationNode& node : draft.nodes) {
		counters_[node.name] = node.counter;
		last_[node.name] = node.out.empty();
	}
	// Also of the new nodes, which nobody counted in yet.
	now = read();
	if (!now)
		return pass(now);
	first_ = std::move(*now);
	return {};
}

Result<WatchReport> Watch::run(const Signals& signals) const
{
	const auto start = Clock::now();
	const auto interval =
	    std::clamp(options_.time / 20, nanoseconds(milliseconds(10)), nanoseconds(milliseconds(100)));
	WatchReport report;
	report.before_packets = before_.recent.packets();
	for (bool final = false; !final && report.broken.empty();) {
		const auto left = options_.time - (Clock::now() - start);
		const char* signal = signals.wait(std::min<nanoseconds>(interval, left));
		auto now = read();
		if (!now)
			return pass(now);
		Window during = between(first_, *now);
		if (auto& strangers = during.nodes["root"].drops[NFUP_DROP_NO_DEVICE]; leave_out_strangers_) {
			during.nodes["ingress"].packets -= std::min(strangers, during.packets());
			strangers = 0;
		}
		final = Clock::now() - start >= options_.time;
		report.seconds = ms_since(start) / 1000;
		report.packets = during.packets();
		report.guards.clear();
		if (signal)
			report.broken = std::string("interrupted by ") + signal + " during the watch";
		for (const Guard& guard : options_.guards) {
			report.guards.push_back(judge(guard, before_, during, final));
			const Verdict& verdict = report.guards.back();
			if (!verdict.ok)
				report.broken += (report.broken.empty() ? "guard " : "; guard ") + verdict.note;
		}
	}
	if (report.broken.empty())
		for (const Verdict& verdict : report.guards)
			if (!verdict.note.empty())
				report.note +=
				    (report.note.empty() ? "" : "; ") + ("guard " + verdict.guard) + ' ' + verdict.note;
	return report;
}

Result<void> go_on(const Signals& signals)
{
	if (const char* signal = signals.pending())
		return interrupted(signal);
	return {};
}

} // namespace nfup::upgrade
