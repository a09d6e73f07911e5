// SPDX-License-Identifier: BSD-2-Clause
// One node's program: its class's object, configured through rodata, joined to
// the maps it shares, verified and loaded by the kernel.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fd.h"
#include "intent/result.h"

namespace nfup::loader {

struct Constant {
	std::string variable; // in .rodata, or a table (NFUP_TABLE)
	std::vector<std::uint8_t> bytes;
};

struct NodeProgram {
	std::filesystem::path object;
	std::string cls;  // names object and program
	std::string node; // for messages
	std::vector<Constant> constants;
	std::map<std::string, int> maps; // every other map of the object → fd
};

// Error (kind refused): the verifier's reason, see verifier_log.h; (kind system):
// permissions, memory.
Result<Fd> load_program(const NodeProgram& program);

// Makes those maps of an object, with the BTF of their keys and values. `entries`: how
// many they have room for; 0: as declared.
Result<std::map<std::string, Fd>> create_maps(const std::filesystem::path& object,
					      const std::vector<std::string>& names, std::uint32_t entries = 0);

template <class T> std::vector<std::uint8_t> bytes_of(const T& value)
{
	const auto* p = reinterpret_cast<const std::uint8_t*>(&value);
	return {p, p + sizeof value};
}

// The kernel's id of a program, map or link; 0 when it cannot be told.
std::uint32_t program_id(int fd);
std::uint32_t map_id(int fd);

Result<Fd> open_map(std::uint32_t id);
// None: there is no such map any more. Error: that cannot be told.
Result<std::optional<Fd>> find_map(std::uint32_t id);

} // namespace nfup::loader
