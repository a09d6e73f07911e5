// SPDX-License-Identifier: BSD-2-Clause
// A class's own description, out of its object's BTF (the tags that the macros
// of bpf/nfup.h leave), and the rule that modules keep no state.
#pragma once

#include <filesystem>
#include <string>

#include "intent/class_info.h"

namespace nfup::loader {

// Error (kind intent): the object describes no class, a class of another name,
// or a module that owns a map or writable globals.
Result<intent::ClassInfo> describe(const std::filesystem::path& object, const std::string& name,
				   const std::filesystem::path& source);

// Hash of what the kernel would run: code, relocations, constants. Debug
// information is left out, so that a changed comment is not a changed program.
Result<std::string> code_hash(const std::filesystem::path& object);

// slots, pkt, counters, ports: the maps every program may touch.
bool is_framework_map(const std::string& name);

} // namespace nfup::loader
