// SPDX-License-Identifier: BSD-2-Clause
// A scratch copy of a generation: its programs on maps of their own, to run packets
// through with BPF_PROG_TEST_RUN. Nothing is sent or shared with the NF that runs.
// It goes with the process, or stays where ScratchPins says until the next check.
// Packets start at the FromDevice of their port; ingress and root are left out.
#pragma once

#include <cstdint>
#include <linux/bpf.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bpf/drop_reasons.h"
#include "intent/result.h"
#include "loader/fd.h"
#include "loader/scratch_maps.h"
#include "packet.h"
#include "records.h"
#include "scratch_pins.h"

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
	static Result<Scratch> make(const Generation& target, DeviceParams devices, ScratchPins pins);

	// Loads what another generation has otherwise: the one that runs.
	Result<void> add_running(const Generation& running);
	// Which of the two packets go through from now on; the target at first.
	enum class Which { target, running };
	Result<void> select(Which which);

	bool receives(int port) const;
	Result<Trip> run(int port, const packet::Bytes& frame);
	// As before the first packet.
	Result<void> forget();
	// Lets go what was kept of earlier generations and is in neither of these.
	void drop_unused();
	// Programs that were loaded, not found.
	int loaded() const { return loaded_; }

private:
	struct Node {
		std::string name;
		int program = -1;
		std::uint32_t counter = 0;
		std::vector<int> ports; // that its arguments name
		bool atom = false;      // may write state
	};
	struct Graph {
		std::vector<Node> nodes;            // as in the generation; the root has no program
		std::vector<int> order;             // node indices, every edge forward
		std::vector<int> entries;           // by port: node index, -1 none
		std::map<std::uint32_t, int> slots; // slot → program fd
	};
	struct Maps {
		std::map<std::string, int> fds; // by name
		bool kept = true;               // all of them: programs that were kept use these
	};

	Scratch(loader::SharedArray counters, DeviceParams devices, ScratchPins pins)
	    : pins_(std::move(pins)), counters_(std::move(counters)), devices_(std::move(devices))
	{
	}
	Result<loader::SharedArray> shared_array(const std::string& name, std::size_t value_size, std::size_t entries,
						 bool& kept);
	Result<Graph> load(const Generation& generation);
	Result<void> load_programs(const Generation& generation, const std::vector<const GenerationNode*>& missing);
	Result<Maps> maps_for(const Generation& generation, const GenerationNode& node);
	std::vector<int> ports_of(const GenerationNode& node) const;

	template <class Map> struct Kept {
		Map map;
		bool kept; // found, not made
	};

	ScratchPins pins_;
	Fd slots_, ports_, trace_;
	loader::SharedArray counters_;
	std::size_t counters_used_ = 0; // bytes
	DeviceParams devices_;
	std::map<std::string, Kept<loader::SharedArray>> contexts_; // by contract
	std::map<std::string, Kept<Fd>> states_;                    // by atom and schema
	std::map<std::string, Fd> programs_;                        // by program hash
	std::map<std::uint32_t, std::uint32_t> filled_;             // slot → id of the program in it
	Graph target_, running_;
	std::optional<Which> selected_; // none: the slots may be a mixture
	int loaded_ = 0;
	bool dirty_ = true; // a packet has met an atom since forget(), or may have
};

} // namespace nfup::upgrade
