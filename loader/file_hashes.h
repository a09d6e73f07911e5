// SPDX-License-Identifier: BSD-2-Clause
// Contents of sources as hashes. Those of earlier runs are kept as a note in the cache, so
// that the headers that every class includes need not be read every time: a file that the
// kernel says is the same (inode, size, times of last modification and change) is.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "object_cache.h"

namespace nfup::loader {

class FileHashes {
public:
	explicit FileHashes(const ObjectCache& cache);
	~FileHashes(); // keeps what is new
	FileHashes(const FileHashes&) = delete;
	FileHashes& operator=(const FileHashes&) = delete;

	// None: it cannot be read. The same within a run, whatever happens to the file.
	std::optional<std::string> of(const std::string& path);

	struct Known {
		std::uint64_t device = 0, inode = 0, size = 0;
		std::int64_t modified = 0, changed = 0; // ns since 1970
		std::string hash;
	};

private:
	std::optional<Known> look(const std::string& path) const;

	ObjectCache cache_;
	std::mutex mutex_;
	std::map<std::string, Known> kept_;       // from the note
	std::map<std::string, std::string> seen_; // in this run
	bool news_ = false;
};

} // namespace nfup::loader
