// SPDX-License-Identifier: BSD-2-Clause
// What an NF's state folder holds, as JSON: the NF itself (nf.json), each kept
// generation (gen-N.json) and the journal of a command in progress.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "loader/program.h"
#include "plan.h"

namespace nfup::loader {
// Bytes as hex digits: tables may have megabytes. Reads lists of numbers too,
// which earlier records have.
void to_json(nlohmann::json& json, const Constant& constant);
void from_json(const nlohmann::json& json, Constant& constant);
} // namespace nfup::loader

namespace nfup::upgrade {

struct Port {
	std::string label;  // p1, as in the intent
	std::string ifname; // as it was called when it was attached
	int ifindex = 0;
};

// The program at the end of the chain for what goes to the host on one port.
struct Hosted {
	std::string origin; // what the operator asked for: attached, or a pin's or an object's path
	std::string name;
	std::uint32_t prog_id = 0;
	int ifindex = 0;  // the device's
	std::string way;  // how it was attached when found on the device: netlink, link; empty: it was not
	std::string mode; // of ingress in its place: native, generic
};

struct NfRecord {
	std::string name;
	std::string netns;                    // empty: the one nfup runs in
	std::string mode;                     // native, generic
	std::string bpffs;                    // folder of the NF's pins
	std::vector<Port> ports;              // by port index; no label: a hole
	int current = 0;                      // generation; 0: none was committed yet
	int last = 0;                         // highest number given out
	std::string frozen;                   // why no packet gets in: to whom its states were sent; empty: it runs
	std::map<std::string, Hosted> hosted; // by port label
};

struct GenerationNode {
	std::string name;
	std::string cls;
	std::vector<std::string> args;
	std::string identity;
	std::string object; // kept with the records: to load the node again on a rollback
	std::vector<loader::Constant> constants;
	std::vector<std::string> state; // names of the state maps it uses
	std::vector<int> out;
	std::uint32_t slot = 0;
	std::string program;       // hash
	std::uint32_t prog_id = 0; // kernel's id
	std::uint32_t counter = 0;
};

struct StateRecord {
	std::string atom; // name of the state map
	std::string schema;
	std::uint32_t map_id = 0;
};

// A state whose entries are on their way into the generation's own map. Both maps are
// held by the programs that use them.
struct Migration {
	std::string atom;
	std::uint32_t from = 0; // kernel id of the old map
	std::string sweeper;    // object
};

// What a node is when its migrations are over.
struct PlainNode {
	std::string node;
	std::string object;
	std::string identity;
};

// Entries of one map → another's: objects. Empty: there is no converter.
struct Conversion {
	std::string converter, sweeper;
};

// Between the generation's map of a state and one that its entries came from.
struct Way {
	std::string atom;
	std::uint32_t map = 0; // kernel id of the other map
	Conversion here, back; // from the other map, and to it
	std::string missing;   // why there is no way back
	std::string schema;    // hash, of the other map
};

struct Generation {
	int number = 0;
	std::string created; // UTC, ISO 8601
	std::string intent_file;
	std::string intent; // text
	std::string contract;
	std::vector<GenerationNode> nodes; // 0 is root
	std::vector<StateRecord> state;
	std::vector<Port> ports; // by port index; empty in earlier records: as the NF's
	// Of each class with a state: the object for its migrations (bpf/settle.h), without
	// converters. None: it could not be made.
	std::map<std::string, std::string> settling;
	std::vector<Migration> migrations; // not finished yet
	std::vector<PlainNode> plain;      // the nodes that take part in them
	std::vector<Way> ways;

	// Every object that the generation needs, as a path.
	std::vector<std::string*> objects();

	PlacedGraph placed() const;
	const StateRecord* find_state(const std::string& atom) const; // null: it uses none of that name
};

// Written before the step it names: what recovery needs to finish or undo it.
struct Journal {
	// attach, upgrade, rollback, detach; of the running generation: migrate, restore, send, receive
	std::string operation;
	int from = 0;
	int to = 0;
	std::string step;                 // prepare, flip; watched: prepare, watch, then commit or back
	std::vector<std::uint32_t> fresh; // slots that it fills and nobody used before
	std::uint32_t flip_slot = 0;      // from here on: known once the step is flip
	std::uint32_t new_prog_id = 0;
	std::map<int, Port> add, remove; // ports by index
	nlohmann::json history;          // the entry to append when the operation ends well
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Port, label, ifname, ifindex)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Hosted, origin, name, prog_id, ifindex, way, mode)
void to_json(nlohmann::json& json, const NfRecord& record);
void from_json(const nlohmann::json& json, NfRecord& record);
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GenerationNode, name, cls, args, identity, object, constants, state, out, slot,
				   program, prog_id, counter)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StateRecord, atom, schema, map_id)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Migration, atom, from, sweeper)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PlainNode, node, object, identity)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Conversion, converter, sweeper)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Way, atom, map, here, back, missing, schema)
void to_json(nlohmann::json& json, const Generation& generation);
void from_json(const nlohmann::json& json, Generation& generation);
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Journal, operation, from, to, step, fresh, flip_slot, new_prog_id, add, remove,
				   history)

} // namespace nfup::upgrade
