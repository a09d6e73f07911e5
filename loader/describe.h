// SPDX-License-Identifier: BSD-2-Clause
// A class's own description, out of its object's BTF (the tags that the macros
// of bpf/nfup.h leave), and the rule that modules keep no state.
#pragma once

#include <filesystem>
#include <string>

#include "bpf_object.h"
#include "intent/class_info.h"
#include "intent/functionality.h"

namespace nfup::loader {

// Parses a linked object. Error (kind intent): it calls a function nobody defines.
Result<BpfObject> open_class(const std::filesystem::path& object, const std::string& name,
			     const std::filesystem::path& source);

// Error (kind intent): the object describes no class, a class of another name,
// or a module that owns a map or writable globals.
Result<intent::ClassInfo> describe(bpf_object* object, const std::string& name, const std::filesystem::path& source);

// What a class's object asks to be linked with.
Result<std::vector<std::string>> uses_of(const std::filesystem::path& object);

// Error (kind intent): no functionality, one of another name, or one with maps
// or writable globals.
Result<intent::Functionality> describe_functionality(const std::filesystem::path& object, const std::string& name,
						     const std::filesystem::path& source);

// slots, pkt, counters, ports: the maps every program may touch.
bool is_framework_map(const std::string& name);

// STATE__copy (bpf/settle.h): of one program alone.
bool is_private_map(const std::string& name);

} // namespace nfup::loader
