// SPDX-License-Identifier: BSD-2-Clause
// How full a map is.
#pragma once

#include <cstdint>

#include "intent/result.h"

namespace nfup::statemaps {

// Counts the entries by walking the keys: some ms per 100,000. Entries that
// come and go meanwhile may or may not be counted.
Result<std::uint64_t> count_entries(int map_fd);

} // namespace nfup::statemaps
