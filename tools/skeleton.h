// SPDX-License-Identifier: BSD-2-Clause
// The files that `nfup new` writes: a class that compiles and teaches, a small
// intent that uses it, and its canary: the class's test.
#pragma once

#include <string>
#include <vector>

namespace nfup::tools {

struct SkeletonFile {
	std::string name; // of the file
	std::string text;
};

// `kind`: module or atom.
std::vector<SkeletonFile> skeleton(const std::string& kind, const std::string& cls);

} // namespace nfup::tools
