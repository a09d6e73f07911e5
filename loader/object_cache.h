// SPDX-License-Identifier: BSD-2-Clause
// Objects by content: KEY.o, with its checksum in KEY.sum; notes with theirs in the
// first line. A file that is damaged or half written fails its sum and counts as missing. Several nfup may use one
// cache at once: files are replaced whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "intent/result.h"

namespace nfup::loader {

class ObjectCache {
public:
	static constexpr std::uintmax_t default_limit = 256 << 20; // bytes

	// `folder` is made when missing; where it cannot be written, a folder in the
	// user's own cache serves, so that `check` needs no root.
	explicit ObjectCache(std::filesystem::path folder, std::uintmax_t limit = default_limit);

	std::optional<std::filesystem::path> find(const std::string& key) const;
	Result<std::filesystem::path> store(const std::string& key, const std::string& content) const;

	// What is known beside the objects, as text: which files a source includes,
	// what was checked already.
	std::optional<std::string> find_note(const std::string& key) const;
	Result<void> store_note(const std::string& key, const std::string& text) const;

	// A generated source, under a name of its own by content.
	Result<std::filesystem::path> store_source(const std::string& text) const;

	// A path in the folder that nobody uses, for a file to be made and removed.
	std::filesystem::path scratch(const std::string& key) const;

	// Removes what was not used for longest until the limit holds again. What a
	// kept generation needs is safe: it has links of its own (upgrade/store.h).
	void shrink() const;

private:
	std::filesystem::path folder_;
	std::uintmax_t limit_;
};

} // namespace nfup::loader
