// SPDX-License-Identifier: BSD-2-Clause
// Click's language: text → what was written (click_syntax.h).
#pragma once

#include <string>

#include "click_syntax.h"

namespace nfup::intent {

click::Body parse_click(const std::string& text, const std::string& file, Diagnostics& diagnostics);

} // namespace nfup::intent
