// SPDX-License-Identifier: BSD-2-Clause
#include "object_cache.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "files.h"
#include "intent/hash.h"

namespace nfup::loader {
namespace fs = std::filesystem;

namespace {

bool writable(const fs::path& folder)
{
	return make_folders(folder).has_value() && access(folder.c_str(), W_OK) == 0;
}

fs::path usable(fs::path wanted)
{
	std::error_code error;
	if (fs::is_directory(wanted, error) ? access(wanted.c_str(), W_OK) == 0 : writable(wanted))
		return wanted;
	const char* home = getenv("HOME");
	if (home && writable(fs::path(home) / ".cache/nfup"))
		return fs::path(home) / ".cache/nfup";
	fs::path own = fs::temp_directory_path() / ("nfup-cache-" + std::to_string(getuid()));
	writable(own);
	return own;
}

// The time of its last use; written once an hour at most.
void touch(const fs::path& file)
{
	struct stat s {};
	if (stat(file.c_str(), &s) == 0 && time(nullptr) - s.st_mtim.tv_sec > 3600)
		utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
}

} // namespace

ObjectCache::ObjectCache(fs::path folder, std::uintmax_t limit) : folder_(usable(std::move(folder))), limit_(limit) {}

std::optional<fs::path> ObjectCache::find(const std::string& key) const
{
	fs::path object = folder_ / (key + ".o");
	const fs::path checksum = folder_ / (key + ".sum");
	auto content = read_file(object);
	auto sum = read_file(checksum);
	if (!content || !sum || Hasher().add(*content).hex() != *sum)
		return {};
	touch(object);
	touch(checksum);
	return object;
}

Result<fs::path> ObjectCache::store(const std::string& key, const std::string& content) const
{
	fs::path object = folder_ / (key + ".o");
	// The sum goes first: an object without its sum counts as damaged.
	auto saved = write_file(folder_ / (key + ".sum"), Hasher().add(content).hex(), false);
	if (saved)
		saved = write_file(object, content, false);
	if (!saved)
		return pass(saved);
	return object;
}

std::optional<std::string> ObjectCache::find_note(const std::string& key) const
{
	auto text = read_file(folder_ / (key + ".note"));
	if (!text)
		return {};
	const auto end = text->find('\n');
	if (end == std::string::npos ||
	    Hasher().add(std::string_view(*text).substr(end + 1)).hex() != text->substr(0, end))
		return {};
	touch(folder_ / (key + ".note"));
	return text->substr(end + 1);
}

Result<void> ObjectCache::store_note(const std::string& key, const std::string& text) const
{
	return write_file(folder_ / (key + ".note"), Hasher().add(text).hex() + "\n" + text, false);
}

Result<fs::path> ObjectCache::store_source(const std::string& text) const
{
	fs::path source = folder_ / (Hasher().add(text).hex() + ".c");
	if (auto there = read_file(source); there && *there == text) {
		touch(source);
		return source;
	}
	if (auto written = write_file(source, text, false); !written)
		return pass(written);
	return source;
}

fs::path ObjectCache::scratch(const std::string& key) const
{
	return folder_ / (key + "." + unique_suffix());
}

void ObjectCache::shrink() const
{
	struct File {
		fs::path path;
		std::uintmax_t size;
		fs::file_time_type used;
	};
	std::vector<File> files;
	std::uintmax_t total = 0;
	std::error_code error;
	for (const auto& entry : fs::directory_iterator(folder_, error)) {
		if (!entry.is_regular_file(error))
			continue;
		files.push_back({entry.path(), entry.file_size(error), entry.last_write_time(error)});
		total += files.back().size;
	}
	if (total <= limit_)
		return;
	std::ranges::sort(files, {}, &File::used);
	// What another nfup has just made, it is about to load.
	const auto recent = fs::file_time_type::clock::now() - std::chrono::minutes(1);
	for (const File& file : files) {
		if (total <= limit_ || file.used > recent)
			return;
		fs::remove(file.path, error);
		total -= file.size;
	}
}

} // namespace nfup::loader
