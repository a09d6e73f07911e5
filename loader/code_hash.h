// SPDX-License-Identifier: BSD-2-Clause
// What an object is to the kernel.
#pragma once

#include <filesystem>
#include <string>

#include "intent/result.h"

namespace nfup::loader {

// Hash of what the kernel would run: code, relocations, constants. Debug
// information is left out, so that a changed comment is not a changed program.
Result<std::string> code_hash(const std::filesystem::path& object);

} // namespace nfup::loader
