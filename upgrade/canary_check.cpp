// SPDX-License-Identifier: BSD-2-Clause
#include "canary_check.h"

#include "canary.h"
#include "draft.h"
#include "plan.h"

namespace nfup::upgrade {

CanaryFile read_canaries(const Intent& intent, const std::vector<std::string>& ports,
			 const std::vector<bool>& receiving, intent::Diagnostics& diagnostics)
{
	if (intent.canary_file.empty())
		return {};
	return parse_canary(intent.canary_text, intent.canary_file, ports, receiving, diagnostics);
}

Result<void> check_canaries(const Intent& intent, const Generation& draft, const Generation* running,
			    const std::vector<std::string>& ports, loader::Library& library,
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
	auto report = run_canaries({draft, running, ports, std::move(devices), file.file.empty() ? nullptr : &file});
	if (!report)
		return pass(report);
	outcome.canary = std::move(*report);
	if (!outcome.canary.failed.empty()) {
		outcome.result = "refused";
		outcome.reason = outcome.canary.reason();
	}
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
	return check_canaries(intent, *draft, nullptr, labels_of(ports), library, diagnostics, outcome);
}

} // namespace nfup::upgrade
