// SPDX-License-Identifier: BSD-2-Clause
#include "file_hashes.h"

#include <sys/stat.h>
#include <time.h>

#include "derived_note.h"

namespace nfup::loader {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FileHashes::Known, device, inode, size, modified, changed, hash)

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::size_t most = 500; // files: above that, only those of the last run

std::int64_t in_ns(const timespec& t)
{
	return t.tv_sec * second + t.tv_nsec;
}

bool same_file(const FileHashes::Known& a, const FileHashes::Known& b)
{
	return a.device == b.device && a.inode == b.inode && a.size == b.size && a.modified == b.modified &&
	       a.changed == b.changed;
}

} // namespace

FileHashes::FileHashes(const ObjectCache& cache) : cache_(cache)
{
	if (auto kept = find_derived<std::map<std::string, Known>>(cache_, "file hashes", ""))
		kept_ = *std::move(kept);
}

FileHashes::~FileHashes()
{
	if (!news_)
		return;
	if (kept_.size() > most)
		std::erase_if(kept_, [&](const auto& file) { return !seen_.contains(file.first); });
	store_derived(cache_, "file hashes", "", kept_);
}

// One that was changed within the last second may change again without showing it: the
// clock that files get their times from is coarse.
std::optional<FileHashes::Known> FileHashes::look(const std::string& path) const
{
	struct stat s {};
	timespec now{};
	if (stat(path.c_str(), &s) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0 ||
	    in_ns(now) - in_ns(s.st_ctim) < second)
		return {};
	return Known{s.st_dev, s.st_ino, static_cast<std::uint64_t>(s.st_size), in_ns(s.st_mtim), in_ns(s.st_ctim), {}};
}

std::optional<std::string> FileHashes::of(const std::string& path)
{
	const std::lock_guard guard(mutex_);
	if (const auto known = seen_.find(path); known != seen_.end())
		return known->second;
	auto there = look(path); // before it is read: a change meanwhile shows the next time
	const auto kept = kept_.find(path);
	if (there && kept != kept_.end() && same_file(*there, kept->second))
		return seen_[path] = kept->second.hash;
	const auto content = read_file(path);
	if (!content)
		return {};
	const std::string hash = Hasher().add(*content).hex();
	if (there) {
		there->hash = hash;
		kept_[path] = *std::move(there);
		news_ = true;
	}
	return seen_[path] = hash;
}

} // namespace nfup::loader
