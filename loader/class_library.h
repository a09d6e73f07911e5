// SPDX-License-Identifier: BSD-2-Clause
// The classes: sources in the bundled bpf/ and in the user's own folders, compiled
// on demand, linked with the functionalities they use (lib/NAME.bpf.c in those
// folders), described by their objects' BTF.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bpf_object.h"
#include "compile.h"
#include "intent/class_info.h"
#include "intent/functionality.h"

namespace nfup::loader {

struct LibraryPaths {
	std::filesystem::path bpf;               // the bundled sources
	std::vector<std::filesystem::path> user; // --lib, in order: the first that has a class wins
	std::filesystem::path cache;
	std::uintmax_t cache_limit = ObjectCache::default_limit; // bytes
};

// The bundled bpf/ folder: beside the sources it was built from, or installed.
Result<std::filesystem::path> find_bpf_folder();

class Library final : public intent::ClassLibrary {
public:
	struct Class {
		intent::ClassInfo info;
		Object object;    // linked
		std::string code; // hash of what the kernel runs: instructions, relocations, constants
	};

	explicit Library(LibraryPaths paths);

	std::vector<std::string> names() const override;
	Result<const intent::ClassInfo*> find(const std::string& name) override;

	// Compile these, several at a time; the result of each is then known to find(). With
	// an atom that is new also what settling() will ask for, unless it is not wanted.
	void prepare(const std::vector<std::string>& names, bool with_settling = true);

	// A class that find() has found, or one of core/: ingress, root.
	Result<const Class*> get(const std::string& name);

	// The class once more, as it is while a state of its moves to another layout or
	// size (bpf/settle.h): to be linked with a converter for each of its states. Error
	// (kind intent): it reaches a state by other ways than those of bpf/state.h.
	Result<Object> settling(const std::string& name);

	// STATE.migrate.h (bpf/migrate.h); none: nobody wrote one.
	std::optional<std::filesystem::path> converters(const std::string& state) const;

	// The folders that converters() looks in.
	std::vector<std::filesystem::path> converter_folders() const { return converter_folders_; }

	// A source that the tools wrote.
	Result<Object> compile_text(const std::string& text) const;

	// Objects that were compiled apart → one. Error (kind intent): see link.h.
	Result<Object> link(const std::string& name, const std::vector<const Object*>& parts) const;

	// User classes and functionalities that stand in for a bundled one of the same name.
	std::vector<std::string> shadowed() const;

	// Classes and functionalities that were compiled, and found in the cache.
	std::vector<std::string> compiled() const { return made(true); }
	std::vector<std::string> reused() const { return made(false); }

	const ObjectCache& cache() const { return cache_; }

	// Every file that what was asked for until now is made of: sources, headers,
	// functionalities. Of what did not compile: as it was when it last did.
	std::set<std::filesystem::path> files() const;

private:
	struct Code {
		intent::Functionality info;
		Object object;
	};
	// Filled while classes are compiled in parallel.
	struct Functionalities {
		std::mutex mutex;
		std::map<std::string, Result<Code>> known;
	};

	std::vector<std::string> made(bool compiled) const;
	Result<Class> load(const std::string& name) const;
	// By a note in the cache alone; none: load() it.
	std::optional<Class> recall(const std::string& name) const;
	Result<const Code*> functionality(const std::string& name) const;
	Result<Object> link_class(const std::string& name, const Object& compiled, const std::vector<std::string>& uses,
				  std::vector<const intent::Functionality*>& code) const;

	std::map<std::string, std::filesystem::path> sources_, functionality_sources_;
	std::vector<std::filesystem::path> converter_folders_;
	std::vector<std::string> shadowed_;
	std::map<std::string, Result<Class>> classes_;
	std::unique_ptr<Functionalities> functionalities_ = std::make_unique<Functionalities>();
	ObjectCache cache_;
	Compiler compiler_;
};

} // namespace nfup::loader
