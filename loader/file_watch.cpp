// SPDX-License-Identifier: BSD-2-Clause
#include "file_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/inotify.h>

namespace nfup::loader {
namespace fs = std::filesystem;

Result<FileWatch> FileWatch::open()
{
	Fd fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	if (!fd)
		return fail_errno(errno, "cannot watch files", "sysctl fs.inotify.max_user_instances=1024");
	return FileWatch(std::move(fd));
}

Result<bool> FileWatch::add(const fs::path& folder)
{
	// IN_CREATE is for folders only: a new file is of interest when it is complete.
	const int watch =
	    inotify_add_watch(fd_.get(), folder.c_str(),
			      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR);
	if (watch < 0)
		return fail_errno(errno, "cannot watch the folder " + folder.string(),
				  errno == ENOSPC ? "sysctl fs.inotify.max_user_watches=65536" : "");
	return watched_.insert_or_assign(watch, folder).second;
}

Result<bool> FileWatch::set(const std::set<fs::path>& files, const std::vector<fs::path>& folders)
{
	files_.clear();
	folders_.clear();
	std::set<fs::path> needed;
	std::error_code error;
	for (const auto& file : files) {
		files_.insert(file.lexically_normal());
		needed.insert(file.lexically_normal().parent_path());
	}
	for (const auto& folder : folders) {
		const fs::path normal = (folder.lexically_normal() / "").parent_path();
		folders_.insert(normal);
		needed.insert(normal);
	}
	bool fresh = false;
	for (fs::path folder : needed) {
		while (!fs::is_directory(folder, error) && folder.has_relative_path()) {
			folders_.insert(folder); // its coming concerns us
			folder = folder.parent_path();
		}
		auto added = add(folder);
		if (!added)
			return pass(added);
		fresh = fresh || *added;
	}
	return fresh;
}

bool FileWatch::concerns(const fs::path& path) const
{
	const std::string name = path.filename();
	return files_.contains(path) || folders_.contains(path) ||
	       (folders_.contains(path.parent_path()) && (name.ends_with(".c") || name.ends_with(".h")));
}

std::set<fs::path> FileWatch::take()
{
	std::set<fs::path> changed;
	alignas(inotify_event) std::array<char, 16 << 10> buffer;
	for (ssize_t size; (size = read(fd_.get(), buffer.data(), buffer.size())) > 0;)
		for (ssize_t at = 0; at < size;) {
			inotify_event event;
			std::memcpy(&event, buffer.data() + at, sizeof event);
			const char* name = buffer.data() + at + sizeof event;
			at += static_cast<ssize_t>(sizeof event + event.len);
			if (event.mask & IN_Q_OVERFLOW) {
				changed.insert(files_.begin(), files_.end());
				continue;
			}
			const auto folder = watched_.find(event.wd);
			if (folder == watched_.end())
				continue;
			if (event.mask & IN_IGNORED) { // the folder is gone
				changed.insert(folder->second);
				watched_.erase(folder);
				continue;
			}
			const bool incomplete = (event.mask & IN_CREATE) && !(event.mask & IN_ISDIR);
			if (event.len == 0 || incomplete)
				continue;
			if (const fs::path path = folder->second / name; concerns(path))
				changed.insert(path);
		}
	return changed;
}

} // namespace nfup::loader
