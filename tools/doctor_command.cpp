// SPDX-License-Identifier: BSD-2-Clause
// doctor: what is in the way, and what to run to mend it.
#include <cstdio>
#include <iostream>

#include "cli.h"
#include "loader/doctor.h"
#include "loader/netns.h"

namespace nfup::tools {

namespace {

// Which classes this kernel is too old for.
loader::Finding examine_classes(const Cli& cli)
{
	auto library = cli.library();
	if (!library)
		return {"classes", loader::Health::bad, library.error().message, library.error().hint};
	const auto names = library->names();
	const auto kernel = intent::running_kernel();
	std::string late;
	library->prepare(names);
	for (const std::string& name : names) {
		const auto info = library->find(name);
		if (!info)
			return {"classes", loader::Health::bad, info.error().message, info.error().hint};
		if (*info && (*info)->kernel > kernel)
			late +=
			    (late.empty() ? "" : ", ") + name + " (Linux " + intent::to_string((*info)->kernel) + ")";
	}
	if (late.empty())
		return {"classes", loader::Health::good,
			"this kernel is new enough for all " + std::to_string(names.size()), ""};
	return {"classes", loader::Health::note, "need a later kernel: " + late,
		"do without them, or boot a later kernel"};
}

} // namespace

int run_doctor(const Cli& cli)
{
	auto findings = loader::examine_machine(cli.folders.bpffs);
	findings.push_back(examine_classes(cli));
	if (!cli.words.empty()) {
		auto visit = loader::NetnsVisit::enter(cli.options["netns"].as<std::string>());
		if (!visit)
			return report(cli, visit.error());
		const auto device = loader::examine_device(cli.words[0]);
		if (!device)
			return report(cli, device.error());
		findings.insert(findings.end(), device->begin(), device->end());
	}
	bool healthy = true;
	json list = json::array();
	for (const auto& finding : findings) {
		healthy = healthy && finding.health != loader::Health::bad;
		list.push_back({{"what", finding.what},
				{"health", loader::to_string(finding.health)},
				{"detail", finding.detail},
				{"mend", finding.mend}});
		if (!cli.as_json) {
			printf("%-5s %-15s %s\n", loader::to_string(finding.health), finding.what.c_str(),
			       finding.detail.c_str());
			if (!finding.mend.empty())
				printf("      %-15s -> %s\n", "", finding.mend.c_str());
		}
	}
	if (cli.as_json)
		print_json({{"ok", healthy}, {"findings", list}});
	return healthy ? 0 : static_cast<int>(ErrorKind::system);
}

} // namespace nfup::tools
