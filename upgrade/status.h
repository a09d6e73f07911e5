// SPDX-License-Identifier: BSD-2-Clause
// What runs, read from bpffs and the kernel; takes no lock and changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "intent/result.h"
#include "store.h"

namespace nfup::upgrade {

struct Traffic {
	std::uint64_t packets = 0;
	std::uint64_t bytes = 0;
	std::map<std::string, std::uint64_t> drops;  // by reason; only those that happened
	std::map<std::string, std::uint64_t> events; // by name; the same
};

struct NodeStatus {
	std::string name, cls;
	std::uint32_t slot = 0, prog_id = 0;
	Traffic traffic;
};

struct PortStatus {
	std::string label, ifname;
	std::string mode; // loader::Attached
	int ifindex = 0;
	std::optional<Hosted> hosted;
};

struct StateStatus {
	std::string atom;
	std::uint32_t map_id = 0;
	std::uint64_t entries = 0, max_entries = 0;
	std::string schema;
};

struct Status {
	std::string name;
	int generation = 0;
	std::vector<int> kept; // generations one can go back to
	std::string intent_file;
	std::string netns;
	std::vector<PortStatus> ports;
	Traffic ingress, root; // before the first node
	std::vector<NodeStatus> nodes;
	std::vector<StateStatus> state;
	std::uint64_t tail_call_miss = 0;
	std::string unfinished; // a dead command's operation, waiting for `recover`
	std::string frozen;     // why it lets no packet in; empty: it runs
};

Result<Status> read_status(const Folders& folders, const std::string& nf);

} // namespace nfup::upgrade
