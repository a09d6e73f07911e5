// SPDX-License-Identifier: BSD-2-Clause
// Pins: names in bpffs that keep programs, maps and links alive.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "fd.h"
#include "intent/result.h"

namespace nfup::loader {

// Mounts a bpffs at `folder`'s nearest existing ancestor /sys/fs/bpf, or at
// `folder` itself when it is elsewhere and not inside a bpffs yet.
Result<void> ensure_bpffs(const std::filesystem::path& folder);

Result<void> pin(int fd, const std::filesystem::path& path);
// The same, replacing what has that name.
Result<void> repin(int fd, const std::filesystem::path& path);
Result<Fd> open_pin(const std::filesystem::path& path);
// None when nothing has that name; an error when it cannot be told.
Result<std::optional<Fd>> find_pin(const std::filesystem::path& path);
Result<void> make_pin_folder(const std::filesystem::path& path);
Result<void> remove_pins(const std::filesystem::path& path); // a pin or a folder of pins; missing is fine

// A node's name as a file name: `/` (compound elements) becomes `+`, since
// bpffs refuses `.` as well.
std::string pin_name(const std::string& node);

} // namespace nfup::loader
