// SPDX-License-Identifier: BSD-2-Clause
// A schema as JSON, with its C++ names.
#pragma once

#include <nlohmann/json.hpp>

#include "schema.h"

namespace nfup::statemaps {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Field, path, type, offset)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Schema, type, key_size, value_size, max_entries, flags, fields)

} // namespace nfup::statemaps
