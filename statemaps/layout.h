// SPDX-License-Identifier: BSD-2-Clause
// The fields of a state's entries as an operator knows them: by name, with what
// they mean (bpf/contract.h has the types that say it). Read from the BTF that a
// map carries; the schema (schema.h) says whether two maps agree.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <bpf/btf.h>

#include "intent/result.h"

namespace nfup::statemaps {

enum class Meaning {
	number,   // integer, big-endian for __be16, __be32 and __be64
	named,    // enum
	address,  // nfup_addr: 16 bytes, IPv4 mapped
	address4, // nfup_addr4
	mac,      // nfup_mac
	proto,    // nfup_proto
	time,     // nfup_time: ns of the monotonic clock
	jiffies,  // nfup_jiffies
	bytes,    // u8[], and what has no better form
	text,     // char[]
	kernel,   // struct bpf_*: the kernel's own, neither shown nor written
};
const char* to_string(Meaning meaning);

struct EntryField {
	std::string path; // "key.saddr", "value.outside.addr", "value.seen[2]"
	Meaning meaning = Meaning::bytes;
	bool in_key = false;
	std::uint32_t offset = 0; // bytes from the start of the key or of the value
	std::uint32_t size = 0;   // bytes
	bool is_signed = false;
	bool big_endian = false;
	bool filling = false;            // called `zero`: stays 0
	std::uint32_t bit = 0, bits = 0; // of a bit field: first bit behind `offset`, and how many
	std::vector<std::pair<std::string, std::int64_t>> names; // of an enum

	// Without "key." and "value.".
	std::string name() const;
	bool operator==(const EntryField&) const = default;
};

struct Layout {
	std::uint32_t key_size = 0, value_size = 0;
	std::vector<EntryField> fields; // in the order of the declaration, keys first
};

// Of a map in the kernel. Error (kind system): no BTF.
Result<Layout> read_layout(int map_fd);

// The types of an object or of the kernel; ids of key and value.
Layout make_layout(const btf* types, std::uint32_t key_id, std::uint32_t key_size, std::uint32_t value_id,
		   std::uint32_t value_size);

// By path ("value.last_seen"), by name ("last_seen", "outside.port") or by the end of a
// name when only one field ends so. Error (kind intent): none, or several, with those
// that were near.
Result<const EntryField*> find_field(const Layout& layout, const std::string& name);

// Throws nlohmann::json::exception on what is no field.
void to_json(nlohmann::json& json, const EntryField& field);
void from_json(const nlohmann::json& json, EntryField& field);

} // namespace nfup::statemaps
