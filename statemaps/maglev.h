// SPDX-License-Identifier: BSD-2-Clause
// Maglev hashing (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load
// Balancer", NSDI 2016, section 3.4), and the tables beside the states that have servers in
// them (bpf/maglev.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intent/result.h"
#include "table.h"

namespace nfup::statemaps {

struct MaglevServer {
	std::uint32_t number = 0;
	std::string name; // bytes, the same on all balancers: its slots are a function of the names and weights alone
	std::uint32_t weight = 1;
};

// For each of `slots`, a prime, the number of a server and 1. Shares are as the weights, to
// two slots a server; 0 in all slots: no server has a weight.
std::vector<std::uint32_t> maglev_table(std::vector<MaglevServer> servers, std::uint32_t slots);

// Of map, record and pin: "SERVER" → "SERVER_MAGLEV".
std::string maglev_of(const std::string& atom);
bool is_maglev(const std::string& name);

// After entries of `servers` were written: the slots of every service as those entries now
// say. Only slots that change are written, each from one server to another.
// Error (kind intent): a service that the table has no room for; the others are right.
Result<void> update_maglev(int maglev_fd, const Table& servers);

} // namespace nfup::statemaps
