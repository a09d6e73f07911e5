// SPDX-License-Identifier: BSD-2-Clause
#include "files.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

#include "fd.h"

namespace nfup {
namespace fs = std::filesystem;

namespace {

Result<void> write_all(int fd, std::string_view content, const fs::path& path)
{
	while (!content.empty()) {
		const ssize_t n = write(fd, content.data(), content.size());
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(errno, "cannot write " + path.string());
		content.remove_prefix(static_cast<std::size_t>(n));
	}
	return {};
}

} // namespace

Result<std::string> read_file(const fs::path& path)
{
	Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!fd)
		return fail_errno(errno, "cannot read " + path.string());
	std::string content;
	char buffer[65536];
	for (;;) {
		const ssize_t n = read(fd.get(), buffer, sizeof buffer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(errno, "cannot read " + path.string());
		if (n == 0)
			return content;
		content.append(buffer, static_cast<std::size_t>(n));
	}
}

std::string unique_suffix()
{
	static std::atomic<unsigned> count = 0;
	return std::to_string(getpid()) + "-" + std::to_string(count++);
}

std::string identify_file(const fs::path& path)
{
	std::error_code error;
	const fs::path file = fs::canonical(path, error);
	struct stat s {};
	if (error || stat(file.c_str(), &s) != 0)
		return "none";
	return file.string() + " " + std::to_string(s.st_size) + " " + std::to_string(s.st_mtim.tv_sec) + "." +
	       std::to_string(s.st_mtim.tv_nsec);
}

bool is_temporary(const fs::path& path)
{
	return path.filename().string().find(".tmp") != std::string::npos;
}

Result<void> write_file(const fs::path& path, std::string_view content, bool durable)
{
	const fs::path temporary = path.string() + ".tmp" + unique_suffix();
	Fd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
	if (!fd)
		return fail_errno(errno, "cannot create " + temporary.string());
	auto written = write_all(fd.get(), content, temporary);
	if (written && durable && fsync(fd.get()) != 0)
		written = fail_errno(errno, "cannot sync " + temporary.string());
	if (written && rename(temporary.c_str(), path.c_str()) != 0)
		written = fail_errno(errno, "cannot rename " + temporary.string() + " to " + path.string());
	if (!written) {
		unlink(temporary.c_str());
		return written;
	}
	return durable ? sync_folder(path.parent_path()) : Result<void>{};
}

Result<void> sync_folder(const fs::path& folder)
{
	Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (!fd || fsync(fd.get()) != 0)
		return fail_errno(errno, "cannot sync folder " + folder.string());
	return {};
}

Result<void> sync_file(const fs::path& path)
{
	Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!fd || fsync(fd.get()) != 0)
		return fail_errno(errno, "cannot sync " + path.string());
	return {};
}

Result<void> append_line(const fs::path& path, std::string_view line)
{
	Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
	if (!fd)
		return fail_errno(errno, "cannot open " + path.string());
	auto written = write_all(fd.get(), std::string(line) + "\n", path);
	if (written && fsync(fd.get()) != 0)
		return fail_errno(errno, "cannot sync " + path.string());
	return written;
}

Result<void> make_folders(const fs::path& path, unsigned mode)
{
	std::error_code error;
	fs::create_directories(path, error);
	if (error)
		return fail_errno(error.value(), "cannot make folder " + path.string());
	if (chmod(path.c_str(), mode) != 0)
		return fail_errno(errno, "cannot set the mode of " + path.string());
	return {};
}

} // namespace nfup
