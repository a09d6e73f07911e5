// SPDX-License-Identifier: BSD-2-Clause
#include "bpf_object.h"

#include <cerrno>
#include <cstdio>

namespace nfup::loader {

namespace {

thread_local std::string libbpf_log;

int keep(enum libbpf_print_level level, const char* format, va_list args)
{
	if (level != LIBBPF_WARN)
		return 0;
	va_list again;
	va_copy(again, args);
	const int length = vsnprintf(nullptr, 0, format, again);
	va_end(again);
	if (length > 0) {
		std::string line(static_cast<std::size_t>(length) + 1, '\0');
		vsnprintf(line.data(), line.size(), format, args);
		line.pop_back();
		libbpf_log += line;
	}
	return length;
}

} // namespace

void keep_libbpf_log()
{
	libbpf_set_print(keep);
}

std::string take_libbpf_log()
{
	return std::exchange(libbpf_log, {});
}

Result<BpfObject> open_object(const std::filesystem::path& path, const std::string& name)
{
	keep_libbpf_log();
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name.c_str());
	BpfObject object(bpf_object__open_file(path.c_str(), &options));
	if (!object)
		return fail_errno(errno, "cannot open the object " + path.string() + "\n" + take_libbpf_log());
	return object;
}

} // namespace nfup::loader
