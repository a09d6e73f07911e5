// SPDX-License-Identifier: BSD-2-Clause
// What a map means: type, sizes, flags and every field of key and value with
// its name, C type and offset. The kernel compares only sizes; a map whose size
// matches but whose fields moved would be misread silently. We compare this.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <bpf/btf.h>

#include "intent/result.h"

struct bpf_map;

namespace nfup::statemaps {

struct Field {
	std::string path;         // "key.saddr", "value.last_seen"
	std::string type;         // "u8[16]", "u64"
	std::uint32_t offset = 0; // bytes; bit fields append ".bit" to the type
	bool operator==(const Field&) const = default;
};

struct Schema {
	std::uint32_t type = 0; // enum bpf_map_type
	std::uint32_t key_size = 0;
	std::uint32_t value_size = 0;
	std::uint32_t max_entries = 0;
	std::uint32_t flags = 0;
	std::vector<Field> fields;
	bool operator==(const Schema&) const = default;

	std::string hash() const;
};

// As declared in an opened object. Error (kind intent): the map has no BTF.
Result<Schema> schema_of(const bpf_map* map, const btf* types);

// As the kernel has it, from the map's own BTF. Error: no such map, no BTF.
Result<Schema> schema_of(int map_fd);

// Key and value layout only, canonical: `struct pkt` this way is the contract.
std::vector<Field> layout_of(const btf* types, std::uint32_t type_id, const std::string& path);

// One line per difference: "established_at: u32 @8 -> u64 @8". Empty: the same.
std::vector<std::string> differences(const Schema& old_schema, const Schema& new_schema);

} // namespace nfup::statemaps
