// SPDX-License-Identifier: BSD-2-Clause
// Class source → BPF object, once. Objects are cached by content: source, every
// header it includes, flags and compiler.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intent/result.h"
#include "file_hashes.h"
#include "object_cache.h"

namespace nfup::loader {

struct Object {
	std::filesystem::path path; // the .o in the cache
	std::string key;            // of its content
	bool compiled = false;      // false: it was in the cache
	double build_ms = 0;
};

class Compiler {
public:
	// `include`: folders for #include "…", in order.
	Compiler(const ObjectCache& cache, std::vector<std::filesystem::path> include);

	// Only what is in the cache.
	std::optional<Object> find(const std::filesystem::path& source,
				   const std::vector<std::string>& defines = {}) const;

	// `defines`: macros, as with -D. Error (kind intent): clang's own words.
	Result<Object> compile(const std::filesystem::path& source, const std::vector<std::string>& defines = {}) const;

	// The files that a source was made of when it last compiled, itself among them.
	std::vector<std::filesystem::path> files_of(const std::filesystem::path& source) const;

private:
	struct Recipe {
		std::vector<std::string> command; // without the names of input and outputs
		std::string key;
	};
	Recipe recipe_of(const std::filesystem::path& source, const std::vector<std::string>& defines) const;
	std::string content_key(const std::string& recipe, const std::vector<std::string>& files) const;

	ObjectCache cache_;
	std::unique_ptr<FileHashes> hashes_; // classes share most of their headers
	std::vector<std::filesystem::path> include_;
	std::string toolchain_; // identity of the compiler binary
};

} // namespace nfup::loader
