// SPDX-License-Identifier: BSD-2-Clause
// Arguments of a compound element → its parameters.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "click_syntax.h"
#include "scope.h"

namespace nfup::intent {

// False: they do not fit, and `why` says so.
bool bind_formals(const std::vector<click::Formal>& formals, const std::vector<std::string>& args,
		  std::map<std::string, Definition>& out, std::string& why);

} // namespace nfup::intent
