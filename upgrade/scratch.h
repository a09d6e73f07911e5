// SPDX-License-Identifier: BSD-2-Clause
// A scratch copy of a generation: its programs on maps of their own, to run packets
// through with BPF_PROG_TEST_RUN. Nothing is pinned, sent or shared with the NF
// that runs; all of it goes with the process. Packets start at the FromDevice of
// their port; ingress and root are left out.
#pragma once

#include <cstdint>
#include <linux/bpf.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bpf/contract.h"
#include "intent/result.h"
#include "loader/fd.h"
#include "loader/scratch_maps.h"
#include "packet.h"
#include "records.h"

namespace nfup::upgrade {

// What became of a packet.
struct Trip {
	std::uint32_t verdict = 0;         // XDP_*
	std::vector<std::string> path;     // the nodes it met, in order
	std::optional<drop_reason> reason; // that a node counted, if one did
	std::vector<int> ports;            // redirected: to one of these (by index); none: nobody knows
	packet::Bytes frame;

	bool missed() const { return reason == NFUP_DROP_TAIL_CALL_MISS; }
	bool operator==(const Trip&) const = default;
};

class Scratch {
public:
	// Names of the parameters that say which port a class sends to, by class.
	using DeviceParams = std::map<std::string, std::vector<std::string>>;

	// Error: the verifier refuses a program, no permission, no memory.
	static Result<Scratch> make(const Generation& target, DeviceParams devices);

	// Loads what another generation has otherwise: the one that runs.
	Result<void> add_running(const Generation& running);
	// Which of the two packets go through from now on; the target at first.
	enum class Which { target, running };
	Result<void> select(Which which);

	bool receives(int port) const;
	Result<Trip> run(int port, const packet::Bytes& frame);
	// As before the first packet.
	Result<void> forget();

private:
	struct Node {
		std::string name;
		int program = -1;
		std::vector<int> ports; // that its arguments name
		bool atom = false;      // may write state
	};
	struct Graph {
		std::vector<Node> nodes;            // as in the generation; the root has no program
		std::vector<int> order;             // node indices, every edge forward
		std::vector<int> entries;           // by port: node index, -1 none
		std::map<std::uint32_t, int> slots; // slot → program fd
	};
	using Maps = std::map<std::string, int>; // fds, by name

	Scratch(loader::SharedArray counters, DeviceParams devices)
	    : counters_(std::move(counters)), devices_(std::move(devices))
	{
	}
	Result<Graph> load(const Generation& generation);
	Result<void> load_programs(const Generation& generation, const std::vector<const GenerationNode*>& missing);
	Result<Maps> maps_for(const Generation& generation, const GenerationNode& node);
	std::vector<int> ports_of(const GenerationNode& node) const;

	Fd slots_, ports_;
	loader::SharedArray counters_;
	DeviceParams devices_;
	std::map<std::string, std::uint32_t> counter_of_;     // by node name
	std::map<std::string, loader::SharedArray> contexts_; // by contract
	std::map<std::string, Fd> states_;                    // by atom and schema
	std::map<std::string, Fd> programs_;                  // by program hash
	std::map<std::uint32_t, int> filled_;                 // what is in slots_
	Graph target_, running_;
	Which which_ = Which::target;
	bool dirty_ = false; // a packet has met an atom since forget()
};

} // namespace nfup::upgrade
