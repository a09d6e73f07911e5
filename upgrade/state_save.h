// SPDX-License-Identifier: BSD-2-Clause
// An NF's states to a file (state_file.h) and back, while packets flow.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "intent/result.h"
#include "loader/class_library.h"
#include "state_access.h"
#include "state_file.h"

namespace nfup::upgrade {

struct SavedCount {
	std::string atom;
	std::uint64_t entries = 0;
};

// Each entry whole; those that come or go meanwhile may or may not be in it. Takes
// no lock. An array's entries that are all 0 are left out.
Result<std::vector<SavedCount>> save_states(const std::string& nf, const std::vector<State>& states,
					    const std::filesystem::path& path);

struct RestoredCount {
	std::string atom;
	std::uint64_t restored = 0; // made, or with `overwrite` replaced
	std::uint64_t kept = 0;     // there already, and left as they are
	bool converted = false;     // from another layout
};

// Of a file's states whose layout is another one by now: the object that converts their
// entries (sweeper.h), by atom.
using Conversions = std::map<std::string, std::string>;

// For what restore_states would be given: the converters that the generation has kept
// (`ways`), or those of the library, compiled. States that it would refuse for other
// reasons are left to it. Error (kind refused): none lead there.
Result<Conversions> plan_restore(const StateFile& file, const std::vector<State>& states,
				 const std::vector<std::string>& atoms, const std::vector<Way>& ways,
				 const loader::Library& library);

// The entries of the file's states, or of those that `atoms` names, into the ones of
// the same name, after everything was checked (schema, room) and converted. Times keep
// their age, the time that the file lay included; an entry whose age is counted in
// jiffies is looked at by its next packet.
// Call it with the NF's lock held. It can be repeated.
// Error (kind refused): another schema, no such state, too little room; nothing was written.
Result<std::vector<RestoredCount>> restore_states(const StateFile& file, const std::vector<State>& states,
						  const std::vector<std::string>& atoms, bool overwrite,
						  const Conversions& conversions = {});

// The same, journalled, with the converters that `library` has: what a kill cuts off is
// finished by the next command.
Result<std::vector<RestoredCount>> restore_journalled(const Store& store, const std::filesystem::path& path,
						      const std::vector<std::string>& atoms, bool overwrite,
						      const loader::Library& library);
// That: what was done.
Result<std::string> finish_restore(const Store& store, const Journal& journal);

} // namespace nfup::upgrade
