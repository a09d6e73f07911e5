// SPDX-License-Identifier: BSD-2-Clause
// doctor: what is in the way, and what to run to mend it.
#include <cstdio>
#include <iostream>

#include "cli.h"
#include "loader/doctor.h"
#include "loader/netns.h"

namespace nfup::tools {

int run_doctor(const Cli& cli)
{
	auto findings = loader::examine_machine(cli.folders.bpffs);
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
