// SPDX-License-Identifier: BSD-2-Clause
// What this machine, this user and a device can do for nfup; for everything that
// stands in the way, the command that mends it. Changes nothing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "intent/result.h"

namespace nfup::loader {

enum class Health { good, note, bad }; // note: works, but know this

struct Finding {
	std::string what; // "kernel", "bpffs", "native XDP on eth0"
	Health health = Health::good;
	std::string detail; // what was found
	std::string mend;   // a command, or what to do; empty when good
};

std::vector<Finding> examine_machine(const std::filesystem::path& bpffs);

// Of a device in the current network namespace. Error (kind system): no such device.
Result<std::vector<Finding>> examine_device(const std::string& ifname);

const char* to_string(Health health);

} // namespace nfup::loader
