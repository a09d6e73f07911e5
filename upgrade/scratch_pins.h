// SPDX-License-Identifier: BSD-2-Clause
// Where the maps and programs of a scratch copy stay between two upgrades, so that
// the next check loads only what changed. A cache: whatever is missing is made
// anew, and what cannot be kept is not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "loader/fd.h"

namespace nfup::upgrade {

class ScratchPins {
public:
	// An empty path: nothing is found, nothing is kept.
	explicit ScratchPins(std::filesystem::path folder) : folder_(std::move(folder)) {}

	std::optional<Fd> find(const std::string& name);
	void keep(const std::string& name, int fd);
	// Forgets everything: after it nothing is found but what is kept anew.
	void clear();
	// Forgets what was neither found nor kept since this was made; returns the names.
	std::set<std::string> drop_unused();

private:
	std::filesystem::path folder_;
	std::set<std::string> used_;
};

} // namespace nfup::upgrade
