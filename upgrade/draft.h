// SPDX-License-Identifier: BSD-2-Clause
// A generation before it runs: its nodes with counters and identities, and what
// a plan says of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "build.h"
#include "coordinator.h"
#include "framework.h"
#include "plan.h"
#include "ports.h"
#include "records.h"

namespace nfup::upgrade {

std::vector<std::string> labels_of(const std::vector<Port>& ports);

// The draft's nodes, without placement. A name keeps its counter over upgrades.
// Error (kind refused): no counter is free.
Result<Generation> draft_of(const Build& build, int number, const std::map<int, Generation>& kept,
			    const std::vector<StateRecord>& state, const std::vector<Port>& ports);

// Counters of names that are new start at zero, also where another name had them.
Result<void> clear_new_counters(const Generation& draft, const std::map<int, Generation>& kept,
				const Framework& framework);

// Every map a program may ask for, by name.
std::map<std::string, int> map_fds(const Framework& framework, const Fd& context,
				   const std::map<std::string, Fd>& state);

// A placed node as the loader takes it: its constants, slots and counter among them.
loader::NodeProgram node_program(const GenerationNode& node, const Generation& generation,
				 const std::map<std::string, int>& maps);

void describe_build(const Build& build, Outcome& outcome);
void describe_ports(const PortPlan& plan, Outcome& outcome);
void describe_plan(const Plan& plan, const Generation& draft, Outcome& outcome);

// The slots that a plan fills before the flip.
std::vector<std::uint32_t> fresh_slots(const Plan& plan);

} // namespace nfup::upgrade
