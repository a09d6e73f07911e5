// SPDX-License-Identifier: BSD-2-Clause
#include "canary_check.h"

#include <sys/utsname.h>

#include "canary.h"
#include "draft.h"
#include "intent/hash.h"
#include "loader/files.h"
#include "plan.h"

namespace nfup::upgrade {

namespace {

// Everything that the outcome of a check depends on: the same programs on the same
// kernel do the same to the same packets.
std::string check_key(const Intent& intent, const Generation& draft, const Generation* running,
		      const std::vector<std::string>& ports)
{
	utsname kernel{};
	uname(&kernel);
	Hasher hasher;
	hasher.add("canaries").add(kernel.release).add(kernel.version).add(intent.canary_text);
	hasher.add(identify_file("/proc/self/exe"));
	for (const auto& port : ports)
		hasher.add(port);
	const Generation* const generations[] = {&draft, running};
	for (const Generation* generation : generations) {
		hasher.add(generation ? generation->nodes.size() : 0);
		for (const GenerationNode& node : generation ? generation->nodes : std::vector<GenerationNode>()) {
			hasher.add(node.identity);
			for (const int to : node.out)
				hasher.add(static_cast<std::uint64_t>(to));
		}
	}
	return hasher.hex();
}

} // namespace

CanaryFile read_canaries(const Intent& intent, const std::vector<std::string>& ports,
			 const std::vector<bool>& receiving, intent::Diagnostics& diagnostics)
{
	if (intent.canary_file.empty())
		return {};
	return parse_canary(intent.canary_text, intent.canary_file, ports, receiving, diagnostics);
}

Result<void> check_canaries(const Intent& intent, const Generation& draft, const Generation* running,
			    const std::vector<std::string>& ports, const ScratchPins& pins, loader::Library& library,
			    intent::Diagnostics& diagnostics, Outcome& outcome)
{
	std::vector<bool> receiving(ports.size());
	const std::vector<int>& entries = draft.nodes.front().out;
	for (std::size_t i = 0; i < entries.size() && i < ports.size(); i++)
		receiving[i] = entries[i] >= 0;
	intent::Diagnostics found;
	const CanaryFile file = read_canaries(intent, ports, receiving, found);
	diagnostics.add(found);
	if (!found.ok()) {
		std::string text;
		for (const auto& diagnostic : found.list())
			text += (text.empty() ? "" : "\n") + intent::render(diagnostic, intent.canary_text);
		return fail(ErrorKind::intent, text);
	}
	const std::string key = check_key(intent, draft, running, ports);
	if (auto known = library.cache().find_note(key)) {
		outcome.canary.file = file.file;
		outcome.canary.skipped = "passed before, on the same programs: " + *known;
		return {};
	}
	Scratch::DeviceParams devices;
	for (const GenerationNode& node : draft.nodes) {
		if (node.cls == "root" || devices.contains(node.cls))
			continue;
		auto info = library.find(node.cls);
		if (!info)
			return pass(info);
		std::vector<std::string>& names = devices[node.cls];
		for (const auto& param : *info ? (*info)->params : std::vector<intent::Param>())
			if (param.type == "device")
				names.push_back(param.name);
	}
	auto report =
	    run_canaries({draft, running, ports, std::move(devices), file.file.empty() ? nullptr : &file, pins});
	if (!report)
		return pass(report);
	outcome.canary = std::move(*report);
	if (!outcome.canary.failed.empty()) {
		outcome.result = "refused";
		outcome.reason = outcome.canary.reason();
		return {};
	}
	// Differences are for people to read: such a check is made again.
	if (outcome.canary.different == 0)
		if (auto noted = library.cache().store_note(key, std::to_string(outcome.canary.packets) + " packets");
		    !noted)
			return noted;
	return {};
}

Result<void> check_first_canaries(const Intent& intent, const Build& build, const std::vector<Port>& ports,
				  loader::Library& library, intent::Diagnostics& diagnostics, Outcome& outcome)
{
	std::vector<StateRecord> state; // none is made yet
	for (const auto& [atom, map] : build.state)
		state.push_back({atom, "", 0});
	auto draft = draft_of(build, 1, {}, state, ports);
	if (!draft)
		return pass(draft);
	const Plan plan = plan_first(draft->placed().nodes);
	for (std::size_t i = 0; i < draft->nodes.size(); i++) {
		draft->nodes[i].slot = plan.placement[i].slot;
		draft->nodes[i].program = plan.placement[i].program;
	}
	describe_plan(plan, *draft, outcome);
	return check_canaries(intent, *draft, nullptr, labels_of(ports), ScratchPins({}), library, diagnostics,
			      outcome);
}

} // namespace nfup::upgrade
