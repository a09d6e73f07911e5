// SPDX-License-Identifier: BSD-2-Clause
// Which files have changed (inotify(7)). Folders are watched, not files: editors
// save by renaming a new file over the old one.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "fd.h"
#include "intent/result.h"

namespace nfup::loader {

class FileWatch {
public:
	static Result<FileWatch> open();

	// Watches these files, and every C source and header in these folders, which
	// need not exist yet. True: some folder was not watched before, and what
	// changed in it until now was missed.
	Result<bool> set(const std::set<std::filesystem::path>& files,
			 const std::vector<std::filesystem::path>& folders);

	// Readable when something has changed.
	int fd() const { return fd_.get(); }

	// What has changed since the last call, removed files too; does not wait.
	std::set<std::filesystem::path> take();

private:
	explicit FileWatch(Fd fd) : fd_(std::move(fd)) {}
	Result<bool> add(const std::filesystem::path& folder);
	bool concerns(const std::filesystem::path& path) const;

	Fd fd_;
	std::map<int, std::filesystem::path> watched_; // by watch descriptor
	std::set<std::filesystem::path> files_, folders_;
};

} // namespace nfup::loader
