// SPDX-License-Identifier: BSD-2-Clause
// What a class's maps look like: the layouts that it shares with the framework, and
// its states'.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "intent/result.h"
#include "loader/class_library.h"
#include "statemaps/schema.h"

namespace nfup::upgrade {

struct ClassLayout {
	std::string contract; // hash of `pkt` and `counters`; empty: it has no `pkt`
	bool devices = false; // it has `ports`
	bool trace = false;   // it has `trace`
	std::map<std::string, statemaps::Schema> state;
};

// Of the class's object, for these states.
Result<ClassLayout> read_layout(const std::filesystem::path& object, const std::string& cls,
				const std::vector<std::string>& state);

// The same from a note in the cache, or with a note for the next time.
Result<ClassLayout> recall_layout(const loader::ObjectCache& cache, const loader::Library::Class& cls);

struct StateMap {
	std::filesystem::path object; // declares it
	statemaps::Schema schema;
};

// The maps that an NF's classes ask for.
struct DeclaredMaps {
	std::string contract;          // hash of the layouts that programs and framework share
	std::filesystem::path context; // an object that declares the map `pkt`
	std::filesystem::path devices; // an object that declares the map `ports`; empty when none is used
	std::filesystem::path trace;   // the same for `trace`
	std::map<std::string, StateMap> state;

	// Error (kind intent): a class before it declares one of its states otherwise.
	Result<void> add(const std::string& cls, const std::filesystem::path& object, const ClassLayout& layout);
};

// Those of a set of classes, as a note. `key`: tells the sets apart.
std::optional<DeclaredMaps> recall_maps(const loader::ObjectCache& cache, const std::string& key);
void keep_maps(const loader::ObjectCache& cache, const std::string& key, const DeclaredMaps& maps);

} // namespace nfup::upgrade
