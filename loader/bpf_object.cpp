// SPDX-License-Identifier: BSD-2-Clause
#include "bpf_object.h"

#include <cerrno>
#include <cstdio>
#include <vector>

#include "fold.h"

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

thread_local const bpf_object* being_loaded = nullptr; // by load_folded

// libbpf shows us each program that is relocated and about to be loaded.
int fold(bpf_program* program, bpf_prog_load_opts*, long)
{
	bpf_map* rodata = being_loaded ? rodata_of(being_loaded) : nullptr;
	if (!rodata)
		return 0;
	std::size_t size = 0;
	const auto* data = static_cast<const std::uint8_t*>(bpf_map__initial_value(rodata, &size));
	const bpf_insn* insns = bpf_program__insns(program);
	std::vector<bpf_insn> code(insns, insns + bpf_program__insn_cnt(program));
	if (!data || !fold_constants(code, bpf_map__fd(rodata), {data, size}))
		return 0;
	return bpf_program__set_insns(program, code.data(), code.size());
}

// What sections mean to libbpf, said once and for good: objects keep pointers to it, and
// libbpf 1.1 frees its table twice when the last handler goes. `xdp.frags` is as `xdp`,
// for nfup's programs have no frags, and all of a prog array must agree. Refused: constants
// are loaded, as they would be without us.
void name_sections()
{
	static const bool once = [] {
		LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = fold);
		return libbpf_register_prog_handler("xdp", BPF_PROG_TYPE_XDP, BPF_XDP, &options) > 0 &&
		       libbpf_register_prog_handler("xdp.frags", BPF_PROG_TYPE_XDP, BPF_XDP, nullptr) > 0;
	}();
	(void)once;
}

} // namespace

bpf_map* rodata_of(const bpf_object* object)
{
	bpf_map* rodata = nullptr;
	bpf_map* map;
	bpf_object__for_each_map(map, object) if (std::string(bpf_map__name(map)).ends_with(".rodata")) rodata = map;
	return rodata;
}

int load_folded(bpf_object* object)
{
	being_loaded = object;
	const int error = bpf_object__load(object);
	being_loaded = nullptr;
	return error;
}

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
	name_sections();
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name.c_str());
	BpfObject object(bpf_object__open_file(path.c_str(), &options));
	if (!object)
		return fail_errno(errno, "cannot open the object " + path.string() + "\n" + take_libbpf_log());
	return object;
}

} // namespace nfup::loader
