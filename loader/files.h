// SPDX-License-Identifier: BSD-2-Clause
// Whole files: read, and write so that a crash leaves the old or the new one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "intent/result.h"

namespace nfup {

Result<std::string> read_file(const std::filesystem::path& path);

// Writes a temporary file beside `path` and renames it. `durable` also syncs
// file and folder, so that the content survives a power cut.
Result<void> write_file(const std::filesystem::path& path, std::string_view content, bool durable = true);

// After which the content of a file that was written without `durable` survives too.
Result<void> sync_file(const std::filesystem::path& path);

// After which a renaming in it survives.
Result<void> sync_folder(const std::filesystem::path& folder);

// Appends one line and syncs.
Result<void> append_line(const std::filesystem::path& path, std::string_view line);

// A suffix for temporary names that no other thread or process uses now.
std::string unique_suffix();

// Path, size and time of a program: asking it for its version takes longer. "none":
// there is no such file.
std::string identify_file(const std::filesystem::path& path);

// The name that write_file gives a file until it is whole.
bool is_temporary(const std::filesystem::path& path);

Result<void> make_folders(const std::filesystem::path& path, unsigned mode = 0755);

} // namespace nfup
