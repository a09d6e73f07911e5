// SPDX-License-Identifier: BSD-2-Clause
// Pass 3: do the facts that a node requires hold on every path to it? If not,
// say which path lacks it and which class would provide it.
#pragma once

#include <string>
#include <vector>

#include "class_info.h"
#include "diagnostic.h"
#include "resolve.h"

namespace nfup::intent {

// Returns every functionality of the NF, sorted: facts required or provided, and
// code that its nodes are linked with.
std::vector<std::string> depend(const Resolved& nf, ClassLibrary& library, Diagnostics& diagnostics);

} // namespace nfup::intent
