// SPDX-License-Identifier: BSD-2-Clause
// The classes: sources in the bundled bpf/ and in the user's own folders,
// compiled on demand, described by their objects' BTF.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "compile.h"
#include "intent/class_info.h"

namespace nfup::loader {

struct LibraryPaths {
	std::filesystem::path bpf;               // the bundled sources
	std::vector<std::filesystem::path> user; // --lib, in order: the first that has a class wins
	std::filesystem::path cache;
};

// The bundled bpf/ folder: beside the sources it was built from, or installed.
Result<std::filesystem::path> find_bpf_folder();

class Library final : public intent::ClassLibrary {
public:
	struct Class {
		intent::ClassInfo info;
		Object object;
		std::string code; // hash of what the kernel runs: instructions, relocations, constants
	};

	explicit Library(LibraryPaths paths);

	std::vector<std::string> names() const override;
	Result<const intent::ClassInfo*> find(const std::string& name) override;

	// Compile these, several at a time; the result of each is then known to find().
	void prepare(const std::vector<std::string>& names);

	// A class that find() has found, or one of core/: ingress, root.
	Result<const Class*> get(const std::string& name);

	// User classes that stand in for a bundled one of the same name.
	std::vector<std::string> shadowed() const;

	// What get() has compiled and what it found in the cache.
	std::vector<std::string> compiled() const;
	std::vector<std::string> reused() const;

private:
	Result<Class> load(const std::string& name) const;

	std::map<std::string, std::filesystem::path> sources_;
	std::vector<std::string> shadowed_;
	std::map<std::string, Result<Class>> classes_;
	Compiler compiler_;
};

} // namespace nfup::loader
