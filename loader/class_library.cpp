// SPDX-License-Identifier: BSD-2-Clause
#include "class_library.h"

#include <atomic>
#include <cstdlib>
#include <set>
#include <thread>

#include "describe.h"

namespace nfup::loader {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view suffix = ".bpf.c";

// The same for every class, so that a --lib changes nobody else's cache key. A
// user's class sees headers beside it anyway; atoms/ is there so that a copy of
// a bundled class compiles as it stands.
std::vector<fs::path> include_folders(const fs::path& bpf)
{
	return {bpf, bpf / "modules", bpf / "atoms"};
}

// CLASS.bpf.c → path, for the files right in `folder`.
std::map<std::string, fs::path> scan(const fs::path& folder)
{
	std::map<std::string, fs::path> found;
	std::error_code error;
	for (const auto& entry : fs::directory_iterator(folder, error)) {
		const std::string file = entry.path().filename();
		if (file.ends_with(suffix))
			found.emplace(file.substr(0, file.size() - suffix.size()), entry.path());
	}
	return found;
}

bool is_core(const std::string& name)
{
	return name == "root" || name == "ingress";
}

} // namespace

Result<fs::path> find_bpf_folder()
{
	std::error_code error;
	const fs::path binary = fs::read_symlink("/proc/self/exe", error);
	for (const fs::path& folder : {binary.parent_path().parent_path() / "share/nfup/bpf", fs::path(NFUP_BPF_DIR)})
		if (fs::exists(folder / "nfup.h", error))
			return folder;
	return fail(ErrorKind::system, "the class sources (bpf/) are missing: looked in " NFUP_BPF_DIR,
		    "run nfup from its build folder, or install it");
}

Library::Library(LibraryPaths paths) : compiler_(paths.cache, include_folders(paths.bpf))
{
	for (const char* part : {"core", "modules", "atoms"})
		sources_.merge(scan(paths.bpf / part));
	std::set<std::string> users;
	for (const auto& folder : paths.user)
		for (const auto& [name, source] : scan(folder)) {
			if (!users.insert(name).second || is_core(name))
				continue;
			if (sources_.contains(name))
				shadowed_.push_back(name);
			sources_[name] = source;
		}
}

std::vector<std::string> Library::names() const
{
	std::vector<std::string> names;
	for (const auto& [name, source] : sources_)
		if (!is_core(name))
			names.push_back(name);
	return names;
}

Result<Library::Class> Library::load(const std::string& name) const
{
	const fs::path& source = sources_.at(name);
	auto object = compiler_.compile(source);
	if (!object)
		return pass(object);
	Result<intent::ClassInfo> info;
	if (is_core(name)) // the framework's own: no class, nothing to describe
		info->name = name;
	else
		info = describe(object->path, name, source);
	if (!info)
		return pass(info);
	auto code = code_hash(object->path);
	if (!code)
		return pass(code);
	return Class{std::move(*info), std::move(*object), std::move(*code)};
}

void Library::prepare(const std::vector<std::string>& names)
{
	std::set<std::string> wanted;
	for (const auto& name : names)
		if (sources_.contains(name) && !classes_.contains(name))
			wanted.insert(name);
	const std::vector<std::string> list(wanted.begin(), wanted.end());
	std::vector<Result<Class>> results(list.size(), fail(ErrorKind::system, "not compiled"));
	std::atomic<std::size_t> next = 0;
	const auto work = [&] {
		for (std::size_t i; (i = next++) < list.size();)
			results[i] = load(list[i]);
	};
	{
		std::vector<std::jthread> threads;
		const std::size_t count = std::min<std::size_t>(list.size(), std::thread::hardware_concurrency());
		for (std::size_t i = 1; i < count; i++)
			threads.emplace_back(work);
		work();
	}
	for (std::size_t i = 0; i < list.size(); i++)
		classes_.emplace(list[i], std::move(results[i]));
}

Result<const Library::Class*> Library::get(const std::string& name)
{
	if (!sources_.contains(name))
		return nullptr;
	auto it = classes_.find(name);
	if (it == classes_.end())
		it = classes_.emplace(name, load(name)).first;
	if (!it->second)
		return std::unexpected(it->second.error());
	return &*it->second;
}

Result<const intent::ClassInfo*> Library::find(const std::string& name)
{
	if (is_core(name))
		return nullptr;
	auto found = get(name);
	if (!found)
		return pass(found);
	return *found ? &(*found)->info : nullptr;
}

std::vector<std::string> Library::shadowed() const
{
	return shadowed_;
}

std::vector<std::string> Library::compiled() const
{
	std::vector<std::string> names;
	for (const auto& [name, found] : classes_)
		if (found && found->object.compiled)
			names.push_back(name);
	return names;
}

std::vector<std::string> Library::reused() const
{
	std::vector<std::string> names;
	for (const auto& [name, found] : classes_)
		if (found && !found->object.compiled)
			names.push_back(name);
	return names;
}

} // namespace nfup::loader
