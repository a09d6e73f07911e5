// SPDX-License-Identifier: BSD-2-Clause
// XDP programs of others behind an NF: what it hands to the host on a port is tail-called
// into the port's hosted program. Found on a device, such a program is exchanged for
// `ingress` in one step, and put back so. docs/decisions/0010-hosting.md says why so.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "framework.h"
#include "intent/result.h"
#include "loader/attach.h"
#include "loader/hosting.h"
#include "records.h"
#include "store.h"

namespace nfup::upgrade {

// What --then asks for: port label and what it hosts: `attached`, a pin or an object.
// No label: every port; `attached` is then for those whose device runs a program.
using Then = std::vector<std::pair<std::string, std::string>>;
bool asks_for(const Then& then, const std::string& label);

struct Host {
	Hosted record;
	loader::Guest guest;
};
using Hosting = std::map<std::string, Host>; // by port label
std::map<std::string, Hosted> records_of(const Hosting& hosting);

// Looks, tries (loader::check_guest), loads objects; changes nothing. `depth`: tail calls on
// the NF's longest path. Call it in the devices' network namespace.
// Error: kind intent for the arguments, system for a device that holds another program,
// refused for a program that cannot be hosted.
Result<Hosting> plan_hosting(const std::vector<Port>& ports, const Then& then, loader::Mode mode, int depth);
// Error (kind refused): with one more call it is deeper than the kernel allows.
Result<void> check_hosting_depth(int depth);

Result<void> pin_hosting(const Store& store, const Hosting& hosting);

// `ingress` on a port's device: attached to a free one, in a found program's place on
// another. Before that the hosted program goes into the port's slot, and is pinned already.
Result<void> take_device(const Store& store, const Framework& framework, const NfRecord& record, int index,
			 const Port& port, const Fd& ingress);

// The device as it was found. Can be repeated. Nothing is done on a device that runs
// another program by now, or is gone. `index`: the port's slot is emptied as well.
Result<void> leave_device(const Store& store, const Framework& framework, const NfRecord& record, int index,
			  const Port& port);
// Of all ports; the slots stay.
Result<void> leave_devices(const Store& store);

// The device still runs, or waits for, what the record says.
bool holds_own_guest(const std::map<std::string, Hosted>& hosted, const Port& port);

} // namespace nfup::upgrade
