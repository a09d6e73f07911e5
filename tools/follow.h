// SPDX-License-Identifier: BSD-2-Clause
// upgrade --follow: one upgrade after each change of a file that the NF is made
// of, until Ctrl-C.
#pragma once

#include <functional>
#include <set>

#include "cli.h"

namespace nfup::tools {

// What one upgrade is made of, also when it was refused.
struct Attempt {
	Result<upgrade::Outcome> outcome = upgrade::Outcome{};
	intent::Diagnostics diagnostics;
	upgrade::Intent intent;
	std::set<std::filesystem::path> files; // classes, headers, functionalities
	double open_ms = 0;                    // reading intent and library
};

// Exit code: 0 by Ctrl-C or SIGTERM; of the first attempt's error when no save of a source
// would mend it (no such NF, no permission).
int follow(const Cli& cli, const std::function<Attempt()>& attempt_upgrade);

} // namespace nfup::tools
