// SPDX-License-Identifier: BSD-2-Clause
// What the check before the flip found, for people and for scripts.
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "cli.h"

namespace nfup::tools {

json to_json(const upgrade::CanaryReport& canary)
{
	json failed = json::array(), differences = json::array();
	for (const auto& f : canary.failed)
		failed.push_back({{"case", f.name},
				  {"line", f.line},
				  {"port", f.port},
				  {"packet", f.packet},
				  {"expected", f.expected},
				  {"got", f.got},
				  {"path", f.path}});
	for (const auto& d : canary.differences)
		differences.push_back({{"port", d.port},
				       {"packet", d.packet},
				       {"old", d.before},
				       {"new", d.after},
				       {"changed", d.changed}});
	return {{"file", canary.file},        {"skipped", canary.skipped},
		{"note", canary.note},        {"cases", canary.cases},
		{"packets", canary.packets},  {"failed", failed},
		{"differences", differences}, {"different", canary.different},
		{"loaded", canary.loaded},    {"ms", canary.ms}};
}

void print_canary(const upgrade::CanaryReport& canary)
{
	constexpr std::size_t shown = 3;

	if (!canary.skipped.empty()) {
		std::cout << "  canary   not run: " << canary.skipped << "\n";
		return;
	}
	if (canary.packets == 0)
		return;
	printf("  canary   %d cases, %d packets, %.1f ms: ", canary.cases, canary.packets, canary.ms);
	if (!canary.failed.empty())
		printf("%zu failed\n", canary.failed.size());
	else if (canary.different)
		printf("good; %d generated packets fare otherwise than before\n", canary.different);
	else
		printf("good\n");
	if (!canary.note.empty())
		std::cout << "           " << canary.note << "\n";
	for (std::size_t i = 0; i < std::min(shown, canary.differences.size()); i++) {
		const auto& d = canary.differences[i];
		std::cout << "           " << d.port << ": " << d.packet << "\n           was: " << d.before
			  << "; will be: " << d.after << "\n";
	}
	if (canary.different > static_cast<int>(shown))
		std::cout << "           …\n";
}

} // namespace nfup::tools
