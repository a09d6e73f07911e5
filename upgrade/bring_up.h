// SPDX-License-Identifier: BSD-2-Clause
// A pipeline from nothing: what attach and reattach (after a reboot) have in common.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "build.h"
#include "clock.h"
#include "coordinator.h"
#include "hosting.h"
#include "records.h"
#include "store.h"

namespace nfup::upgrade {

struct BringUp {
	const Store& store;
	const Build& build;
	loader::Library& library;
	std::vector<Port> ports; // by index; no label: a hole
	const NfRecord& record;  // as it is written
	const Hosting& hosting;
	Clock::time_point start;
	// On the new state maps, before a packet can meet them. May be empty.
	std::function<Result<void>(const std::map<std::string, Fd>& maps)> fill = {};
};

// Maps, programs, slots, then the devices; commits. The pipeline is whole before the
// first packet can enter it. The journal is written and says `prepare`: nothing that a
// crash before the commit leaves is of use. Call it in the devices' network namespace.
Result<void> bring_up(const BringUp& what, Journal& journal, Outcome& outcome);

} // namespace nfup::upgrade
