// SPDX-License-Identifier: BSD-2-Clause
// The canaries of an intent against a draft: where the coordinator's commands and
// the check before the flip meet.
#pragma once

#include <string>
#include <vector>

#include "build.h"
#include "canary_file.h"
#include "coordinator.h"
#include "intent/resolve.h"
#include "records.h"

namespace nfup::upgrade {

// The canaries that stand beside an intent; no cases when there are none. What is
// wrong is in `diagnostics`.
CanaryFile read_canaries(const Intent& intent, const std::vector<std::string>& ports,
			 const std::vector<bool>& receiving, intent::Diagnostics& diagnostics);

// Runs them, and the generated set, and notes the outcome: when a packet fails,
// its result is `refused`. Touches nothing that the NF runs with.
// `draft`: placed. `running`: null when nothing runs yet.
// Error (kind intent): the canary file is wrong.
Result<void> check_canaries(const Intent& intent, const Generation& draft, const Generation* running,
			    const std::vector<std::string>& ports, const ScratchPins& pins, loader::Library& library,
			    intent::Diagnostics& diagnostics, Outcome& outcome);

// The same before an attach: the draft is made for it.
Result<void> check_first_canaries(const Intent& intent, const Build& build, const std::vector<Port>& ports,
				  loader::Library& library, intent::Diagnostics& diagnostics, Outcome& outcome);

} // namespace nfup::upgrade
