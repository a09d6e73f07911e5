// SPDX-License-Identifier: BSD-2-Clause
// The program that moves a state's entries from one map to another (bpf/sweep.h),
// loaded with the converter that its object was linked with (migration_plan.h).
#pragma once

#include <functional>
#include <string>

#include "intent/result.h"
#include "statemaps/sweep.h"
#include "statemaps/table.h"

namespace nfup::upgrade {

// From `old` into the map `fresh`; `settled` and `progress` as statemaps::sweep.
// Error (kind refused): the verifier does not accept the converter.
Result<statemaps::Swept> run_sweeper(const std::string& object, const statemaps::Table& old, int fresh,
				     const std::function<Result<void>()>& settled,
				     const statemaps::SweepProgress& progress);

} // namespace nfup::upgrade
