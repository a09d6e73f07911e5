// SPDX-License-Identifier: BSD-2-Clause
// Can nfup be one of several programs behind libxdp's dispatcher on this kernel? Its
// `ingress` would be a freplace program that tail-calls XDP programs.
#pragma once

#include "intent/result.h"

namespace nfup::loader {

// Tried with throw-away programs, never told by the kernel's version. Error (kind
// system): what the kernel says to it.
Result<void> probe_dispatcher();

// For --multi, which nfup does not have: what the probe says, and what to do instead.
Error why_no_dispatcher();

} // namespace nfup::loader
