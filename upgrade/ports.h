// SPDX-License-Identifier: BSD-2-Clause
// The devices of an NF: which an upgrade adds and takes away, and the steps that
// do it. A port's index is in programs (ToDevice) and in the map `ports`, so it
// stays while a kept generation has it, and others are not renumbered: the lists
// below are by index, and a port without label is a hole.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "build.h"
#include "framework.h"
#include "hosting.h"
#include "records.h"
#include "store.h"

namespace nfup::upgrade {

using Devices = std::vector<std::pair<std::string, std::string>>; // label, interface

struct PortPlan {
	std::vector<Port> ports; // of the new generation
	std::map<int, Port> add, remove;
};

// The labels by index for the new intent: those of the running and the kept
// generations, but for labels that `devices` gives another device now.
std::vector<std::string> known_ports(const NfRecord& record, const std::map<int, Generation>& kept,
				     const Devices& devices);

// Every port that the intent uses has a device, every device given is used, new
// ones are there and free, but for those whose program is to be hosted. Call it in the NF's network namespace.
// Error: kind intent for the arguments, system for the devices.
Result<PortPlan> plan_ports(const Build& build, const std::vector<Port>& attached, const Devices& devices,
			    const Then& then = {});
// The same for a generation to go back to. Error (kind refused): its device is gone.
Result<PortPlan> plan_ports(const Generation& target, const NfRecord& record);

// The entries of new ports in the map `ports`; nobody sends there yet. `whole`: of
// all ports, the map is new.
Result<void> write_ports(const Framework& framework, const PortPlan& plan, bool whole);

// `ingress`, as it runs on the NF's other devices, on new ones as well.
Result<void> attach_ports(const Store& store, const Framework& framework, const NfRecord& record,
			  const std::map<int, Port>& add);

// Takes `ingress` off these devices (hosting.h) and their entries out of the map `ports`. Can
// be repeated, whatever is there of them.
Result<void> drop_ports(const Store& store, const Framework& framework, const std::map<int, Port>& ports);

// "p1=eth0, p2=eth1"
std::string list(const std::vector<Port>& ports);

} // namespace nfup::upgrade
