// SPDX-License-Identifier: BSD-2-Clause
// A class's object and the functionalities it calls → one object (libbpf's
// static linker). As with compiling, what was linked once is in the cache.
#pragma once

#include <filesystem>
#include <vector>

#include "compile.h"
#include "object_cache.h"

namespace nfup::loader {

// `parts`: the class first. One part is its own result.
// Error (kind intent): a function nobody defines, or two that differ.
Result<Object> link(const ObjectCache& cache, const std::string& cls, const std::vector<const Object*>& parts);

} // namespace nfup::loader
