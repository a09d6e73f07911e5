// SPDX-License-Identifier: BSD-2-Clause
// What was once found out about a class, as a note in the cache: parsing some twenty
// objects takes a third of an upgrade that compiles nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intent/class_info.h"
#include "object_cache.h"

namespace nfup::loader {

struct ClassNote {
	intent::ClassInfo info;
	std::string code;               // code_hash() of the linked object
	std::vector<std::string> parts; // keys of the functionalities info.code, as linked
	std::string linked;             // key of the linked object
};

// `key`: of the object as compiled.
std::optional<ClassNote> find_class_note(const ObjectCache& cache, const std::string& key);
void store_class_note(const ObjectCache& cache, const std::string& key, const ClassNote& note);

} // namespace nfup::loader
