// SPDX-License-Identifier: BSD-2-Clause
// Code that nodes are linked with: functionalities, which may use one another.
// (The facts of depend.h are the other kind of functionality.)
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "class_info.h"
#include "result.h"

namespace nfup::intent {

struct Functionality {
	std::string name;
	std::string doc;
	std::string source;            // path of the file it came from
	std::vector<std::string> uses; // functionalities that it calls
	std::vector<Fact> requires_;   // hold on every path to a node that is linked with it
};

// nullptr: there is none of that name.
using FindFunctionality = std::function<Result<const Functionality*>(const std::string& name)>;

// All that `user` must be linked with when it uses `uses`, each once, users
// before what they use. Error (kind intent): a name nobody has (`names`: those
// that there are), or functionalities that use one another in a circle.
Result<std::vector<const Functionality*>> code_closure(const std::string& user, const std::vector<std::string>& uses,
						       const FindFunctionality& find,
						       const std::vector<std::string>& names);

} // namespace nfup::intent
