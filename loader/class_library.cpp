// SPDX-License-Identifier: BSD-2-Clause
#include "class_library.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <optional>
#include <set>
#include <thread>

#include "class_note.h"
#include "code_hash.h"
#include "describe.h"
#include "files.h"
#include "link.h"

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

// make(0) … make(count - 1), several at a time.
void on_all_cores(std::size_t count, const std::function<void(std::size_t)>& make)
{
	std::atomic<std::size_t> next = 0;
	const auto work = [&] {
		for (std::size_t i; (i = next++) < count;)
			make(i);
	};
	std::vector<std::jthread> threads;
	for (std::size_t i = 1; i < std::min<std::size_t>(count, std::thread::hardware_concurrency()); i++)
		threads.emplace_back(work);
	work();
}

const std::vector<std::string> settling_defines = {"NFUP_SETTLING"};

// A guess, before it is compiled: does it declare a state?
bool looks_like_atom(const fs::path& source)
{
	const auto text = read_file(source);
	return text && text->contains("NFUP_ATOM(");
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

Library::Library(LibraryPaths paths)
    : cache_(paths.cache, paths.cache_limit), compiler_(cache_, include_folders(paths.bpf))
{
	for (const char* part : {"core", "modules", "atoms"})
		sources_.merge(scan(paths.bpf / part));
	functionality_sources_ = scan(paths.bpf / "lib");
	converter_folders_ = paths.user;
	converter_folders_.push_back(paths.bpf / "atoms");
	std::set<std::string> classes = {"root", "ingress"}, functionalities; // taken
	const auto add = [&](const fs::path& folder, std::map<std::string, fs::path>& sources,
			     std::set<std::string>& taken) {
		for (const auto& [name, source] : scan(folder)) {
			if (!taken.insert(name).second)
				continue;
			if (sources.contains(name))
				shadowed_.push_back(name);
			sources[name] = source;
		}
	};
	for (const auto& folder : paths.user) {
		add(folder, sources_, classes);
		add(folder / "lib", functionality_sources_, functionalities);
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

Result<const Library::Code*> Library::functionality(const std::string& name) const
{
	const auto source = functionality_sources_.find(name);
	if (source == functionality_sources_.end())
		return nullptr;
	const std::lock_guard guard(functionalities_->mutex);
	auto known = functionalities_->known.find(name);
	if (known == functionalities_->known.end()) {
		const auto make = [&]() -> Result<Code> {
			auto object = compiler_.compile(source->second);
			if (!object)
				return pass(object);
			auto info = describe_functionality(object->path, name, source->second);
			if (!info)
				return pass(info);
			return Code{std::move(*info), std::move(*object)};
		};
		known = functionalities_->known.emplace(name, make()).first;
	}
	if (!known->second)
		return std::unexpected(known->second.error());
	return &*known->second;
}

Result<Object> Library::link_class(const std::string& name, const Object& compiled,
				   const std::vector<std::string>& uses,
				   std::vector<const intent::Functionality*>& code) const
{
	std::vector<std::string> names;
	for (const auto& [functionality, source] : functionality_sources_)
		names.push_back(functionality);
	const auto find = [&](const std::string& wanted) -> Result<const intent::Functionality*> {
		auto found = functionality(wanted);
		if (!found)
			return pass(found);
		return *found ? &(*found)->info : nullptr;
	};
	auto closure = intent::code_closure("class " + name, uses, find, names);
	if (!closure)
		return pass(closure);
	code = std::move(*closure);
	std::vector<const Object*> parts = {&compiled};
	for (const intent::Functionality* part : code)
		parts.push_back(&(*functionality(part->name))->object);
	return link(name, parts);
}

std::optional<Library::Class> Library::recall(const std::string& name) const
{
	auto object = compiler_.find(sources_.at(name));
	if (!object)
		return {};
	auto note = find_class_note(cache_, object->key);
	if (!note)
		return {};
	std::vector<std::string> parts;
	for (const std::string& part : note->info.code) {
		const auto found = functionality(part);
		if (!found || !*found)
			return {};
		parts.push_back((*found)->object.key);
	}
	if (parts != note->parts)
		return {};
	if (!parts.empty()) {
		auto linked = cache_.find(note->linked);
		if (!linked)
			return {};
		object->path = *std::move(linked);
		object->key = note->linked;
	}
	return Class{std::move(note->info), *std::move(object), std::move(note->code)};
}

Result<Library::Class> Library::load(const std::string& name) const
{
	const fs::path& source = sources_.at(name);
	auto compiled = compiler_.compile(source);
	if (!compiled)
		return pass(compiled);
	auto uses = uses_of(compiled->path);
	if (!uses)
		return pass(uses);
	std::vector<const intent::Functionality*> functionalities;
	auto object = link_class(name, *compiled, *uses, functionalities);
	if (!object)
		return pass(object);
	auto opened = open_class(object->path, name, source);
	if (!opened)
		return pass(opened);
	Result<intent::ClassInfo> info;
	if (is_core(name)) // the framework's own: no class, nothing to describe
		info->name = name;
	else
		info = describe(opened->get(), name, source);
	if (!info)
		return pass(info);
	ClassNote note{{}, {}, {}, object->key};
	for (const intent::Functionality* part : functionalities) {
		info->code.push_back(part->name);
		note.parts.push_back((*functionality(part->name))->object.key);
		for (const intent::Fact& fact : part->requires_)
			if (std::ranges::find(info->requires_, fact.name, &intent::Fact::name) == info->requires_.end())
				info->requires_.push_back(fact);
	}
	auto code = code_hash(object->path);
	if (!code)
		return pass(code);
	note.info = *std::move(info);
	note.code = *std::move(code);
	store_class_note(cache_, compiled->key, note);
	return Class{std::move(note.info), *std::move(object), std::move(note.code)};
}

void Library::prepare(const std::vector<std::string>& names, bool with_settling)
{
	std::set<std::string> wanted;
	for (const auto& name : names) {
		if (!sources_.contains(name) || classes_.contains(name))
			continue;
		if (auto known = recall(name))
			classes_.emplace(name, *std::move(known));
		else
			wanted.insert(name);
	}
	const std::vector<std::string> list(wanted.begin(), wanted.end());
	std::vector<std::optional<Result<Class>>> results(list.size());
	on_all_cores(2 * list.size(), [&](std::size_t i) {
		const std::string& name = list[i / 2];
		if (i % 2 == 0)
			results[i / 2].emplace(load(name));
		else if (const fs::path& source = sources_.at(name); with_settling && looks_like_atom(source))
			static_cast<void>(
			    compiler_.compile(source, settling_defines)); // errors come when it is asked for
	});
	for (std::size_t i = 0; i < list.size(); i++)
		classes_.emplace(list[i], *std::move(results[i]));
}

Result<const Library::Class*> Library::get(const std::string& name)
{
	if (!sources_.contains(name))
		return nullptr;
	auto it = classes_.find(name);
	if (it == classes_.end())
		prepare({name}), it = classes_.find(name);
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

Result<Object> Library::settling(const std::string& name)
{
	auto cls = get(name);
	if (!cls)
		return pass(cls);
	if (!*cls)
		return fail(ErrorKind::intent, "there is no class " + name);
	auto compiled = compiler_.compile(sources_.at(name), settling_defines);
	if (!compiled)
		return pass(compiled);
	std::vector<const intent::Functionality*> functionalities;
	return link_class(name, *compiled, (*cls)->info.uses, functionalities);
}

std::optional<fs::path> Library::converters(const std::string& state) const
{
	std::error_code error;
	for (const fs::path& folder : converter_folders_)
		if (const fs::path file = folder / (state + ".migrate.h"); fs::exists(file, error))
			return file;
	return {};
}

Result<Object> Library::compile_text(const std::string& text) const
{
	auto source = cache_.store_source(text);
	if (!source)
		return pass(source);
	return compiler_.compile(*source);
}

Result<Object> Library::link(const std::string& name, const std::vector<const Object*>& parts) const
{
	return loader::link(cache_, name, parts);
}

std::vector<std::string> Library::shadowed() const
{
	return shadowed_;
}

std::set<fs::path> Library::files() const
{
	std::set<fs::path> files;
	const auto add = [&](const auto& known, const auto& sources) {
		for (const auto& [name, found] : known)
			for (auto& file : compiler_.files_of(sources.at(name)))
				files.insert(std::move(file));
	};
	add(classes_, sources_);
	add(functionalities_->known, functionality_sources_);
	return files;
}

std::vector<std::string> Library::made(bool compiled) const
{
	std::vector<std::string> names;
	const auto add = [&](const auto& known) {
		for (const auto& [name, found] : known)
			if (found && found->object.compiled == compiled)
				names.push_back(name);
	};
	add(classes_);
	add(functionalities_->known);
	return names;
}

} // namespace nfup::loader
