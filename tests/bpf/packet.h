// SPDX-License-Identifier: BSD-2-Clause
// The packet builder, by the names that the tests use.
#pragma once

#include "upgrade/packet.h"

namespace nfup::test {

using namespace nfup::packet;

} // namespace nfup::test
