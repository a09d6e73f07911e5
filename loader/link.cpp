// SPDX-License-Identifier: BSD-2-Clause
#include "link.h"

#include <bpf/libbpf.h>
#include <memory>
#include <unistd.h>

#include "bpf_object.h"
#include "files.h"
#include "intent/hash.h"

namespace nfup::loader {
namespace fs = std::filesystem;

namespace {

struct LinkerDeleter {
	void operator()(bpf_linker* linker) const { bpf_linker__free(linker); }
};

Result<std::string> link_files(const std::vector<const Object*>& parts, const fs::path& made)
{
	keep_libbpf_log();
	const std::unique_ptr<bpf_linker, LinkerDeleter> linker(bpf_linker__new(made.c_str(), nullptr));
	if (!linker)
		return fail_errno(errno, "cannot make " + made.string());
	for (const Object* part : parts)
		if (bpf_linker__add_file(linker.get(), part->path.c_str(), nullptr) != 0)
			return fail(ErrorKind::intent, take_libbpf_log());
	if (bpf_linker__finalize(linker.get()) != 0)
		return fail(ErrorKind::intent, take_libbpf_log());
	return read_file(made);
}

} // namespace

Result<Object> link(const ObjectCache& cache, const std::string& cls, const std::vector<const Object*>& parts)
{
	Object linked = *parts.front();
	if (parts.size() == 1)
		return linked;
	Hasher hasher;
	for (const Object* part : parts)
		hasher.add(part->key);
	linked.key = hasher.hex();
	if (auto known = cache.find(linked.key)) {
		linked.path = *known;
		return linked;
	}
	const fs::path made = cache.scratch(linked.key).string() + ".o";
	auto content = link_files(parts, made);
	unlink(made.c_str());
	if (!content) {
		if (content.error().kind == ErrorKind::intent)
			content = fail(ErrorKind::intent,
				       "class " + cls + " cannot be linked with its functionalities:\n" +
					   content.error().message,
				       "name every functionality it calls in NFUP_USES, and include its header");
		return pass(content);
	}
	auto object = cache.store(linked.key, *content);
	if (!object)
		return pass(object);
	linked.path = *object;
	return linked;
}

} // namespace nfup::loader
