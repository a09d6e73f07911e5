// SPDX-License-Identifier: BSD-2-Clause
#include "bpffs.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "files.h"

namespace nfup::loader {
namespace fs = std::filesystem;

namespace {

bool is_bpffs(const fs::path& path)
{
	struct statfs s {};
	return statfs(path.c_str(), &s) == 0 && static_cast<unsigned long>(s.f_type) == BPF_FS_MAGIC;
}

} // namespace

Result<void> ensure_bpffs(const fs::path& folder)
{
	std::error_code error;
	const fs::path wanted = fs::absolute(folder, error);
	fs::path existing = wanted;
	while (!fs::exists(existing, error) && existing.has_relative_path())
		existing = existing.parent_path();
	if (is_bpffs(existing))
		return {};

	const fs::path standard = "/sys/fs/bpf";
	const bool is_standard =
	    std::mismatch(standard.begin(), standard.end(), wanted.begin(), wanted.end()).first == standard.end();
	const fs::path target = is_standard ? standard : wanted;
	if (!is_standard)
		if (auto made = make_folders(target); !made)
			return made;
	if (mount("bpf", target.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0)
		return fail_errno(errno, "cannot mount bpffs at " + target.string(),
				  "as root: mount -t bpf bpf " + target.string());
	return {};
}

Result<void> pin(int fd, const fs::path& path)
{
	if (bpf_obj_pin(fd, path.c_str()) != 0)
		return fail_errno(errno, "cannot pin " + path.string());
	return {};
}

Result<void> repin(int fd, const fs::path& path)
{
	const fs::path fresh = path.string() + "+new";
	if (auto removed = remove_pins(fresh); !removed)
		return removed;
	if (auto pinned = pin(fd, fresh); !pinned)
		return pinned;
	// bpffs renames like any file system: the name never points at nothing.
	if (rename(fresh.c_str(), path.c_str()) != 0)
		return fail_errno(errno, "cannot replace the pin " + path.string());
	return {};
}

Result<Fd> open_pin(const fs::path& path)
{
	Fd fd(bpf_obj_get(path.c_str()));
	if (!fd)
		return fail_errno(errno, "cannot open the pin " + path.string());
	return fd;
}

Result<std::optional<Fd>> find_pin(const fs::path& path)
{
	Fd fd(bpf_obj_get(path.c_str()));
	if (fd)
		return std::optional(std::move(fd));
	if (errno == ENOENT)
		return std::optional<Fd>{};
	return fail_errno(errno, "cannot open the pin " + path.string());
}

Result<void> make_pin_folder(const fs::path& path)
{
	return make_folders(path, 0700);
}

Result<void> remove_pins(const fs::path& path)
{
	std::error_code error;
	fs::remove_all(path, error);
	if (error)
		return fail_errno(error.value(), "cannot remove the pins " + path.string());
	return {};
}

std::string pin_name(const std::string& node)
{
	std::string name = node;
	std::ranges::replace(name, '/', '+');
	return name;
}

} // namespace nfup::loader
