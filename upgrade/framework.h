// SPDX-License-Identifier: BSD-2-Clause
// The framework's maps of one NF: slots, counters, ports, traced packets and the packet context.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bpf/contract.h"
#include "build.h"
#include "intent/result.h"
#include "loader/fd.h"
#include "store.h"

namespace nfup::upgrade {

class Framework {
public:
	// Makes and pins the maps of a new NF.
	static Result<Framework> create(const Store& store, const Build& build);
	// Opens the pins of a running one. Error (kind system): the pins are gone.
	static Result<Framework> open(const Store& store);

	// The context map for `build`'s contract: the NF's own, or a new one when
	// `running_contract` is another.
	Result<Fd> context(const Store& store, const Build& build, const std::string& running_contract) const;

	// Adds the maps `ports` and `trace` when an upgrade is the first that needs them.
	Result<void> ensure_optional(const Store& store, const Build& build);

	int slots() const { return slots_.get(); }
	int counters() const { return counters_.get(); }
	int ports() const { return ports_.get(); } // -1: none
	int trace() const { return trace_.get(); } // -1: none

	Result<void> write_slot(std::uint32_t slot, int program_fd) const;
	Result<void> clear_slot(std::uint32_t slot) const;         // clearing an empty one is fine
	Result<std::uint32_t> read_slot(std::uint32_t slot) const; // program id; 0: empty

	Result<void> write_port(std::uint32_t port, int ifindex) const; // in the ports' network namespace
	Result<void> clear_port(std::uint32_t port) const;              // clearing an empty one is fine
	Result<void> clear_counter(std::uint32_t index) const;
	Result<node_counters> read_counter(std::uint32_t index) const; // summed over CPUs

private:
	Fd slots_, counters_, ports_, trace_;
};

} // namespace nfup::upgrade
