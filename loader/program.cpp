// SPDX-License-Identifier: BSD-2-Clause
#include "program.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <optional>

#include "bpf_object.h"
#include "describe.h"
#include "table.h"
#include "verifier_log.h"

namespace nfup::loader {

namespace {

struct Place {
	std::size_t offset;
	std::size_t size;
};

std::optional<Place> find_constant(const btf* types, const std::string& variable)
{
	const __s32 id = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
	if (id < 0)
		return {};
	const btf_type* section = btf__type_by_id(types, static_cast<__u32>(id));
	const btf_var_secinfo* info = btf_var_secinfos(section);
	for (int i = 0; i < btf_vlen(section); i++, info++) {
		const btf_type* var = btf__type_by_id(types, info->type);
		if (variable == btf__name_by_offset(types, var->name_off))
			return Place{info->offset, info->size};
	}
	return {};
}

Result<void> set_constants(bpf_object* object, const NodeProgram& program)
{
	bpf_map* rodata = rodata_of(object);
	std::size_t size = 0;
	const auto* initial =
	    rodata ? static_cast<const std::uint8_t*>(bpf_map__initial_value(rodata, &size)) : nullptr;
	std::vector<std::uint8_t> data(initial, initial + size);
	for (const Constant& constant : program.constants) {
		if (bpf_object__find_map_by_name(object, constant.variable.c_str()))
			continue; // a table
		const auto place = find_constant(bpf_object__btf(object), constant.variable);
		if (!place || constant.bytes.size() > place->size || place->offset + place->size > size)
			return fail(ErrorKind::intent,
				    "class " + program.cls + " has no constant " + constant.variable + " of " +
					std::to_string(constant.bytes.size()) + " bytes",
				    "include nfup.h and declare parameters with NFUP_PARAM");
		std::memcpy(data.data() + place->offset, constant.bytes.data(), constant.bytes.size());
	}
	if (rodata && bpf_map__set_initial_value(rodata, data.data(), data.size()) != 0)
		return fail_errno(errno, "cannot set the constants of node " + program.node);
	return {};
}

// Where the kernel writes its log, when libbpf tries a second time after a refusal.
// libbpf's own buffer starts small and the program is verified anew each time it
// grows: 25 s for one that is too large. From 6.4 on the kernel keeps a log's end.
class VerifierLog {
public:
	explicit VerifierLog(bpf_program* program)
	{
		buffer_[0] = '\0';
		bpf_program__set_log_buf(program, buffer_.get(), size);
	}
	std::string text() const { return {buffer_.get(), strnlen(buffer_.get(), size)}; }

private:
	static constexpr std::size_t size = 16 << 20; // memory that nobody touches before it is needed
	std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(size);
};

std::unexpected<Error> load_failure(int error, const NodeProgram& program, const std::string& verifier_log)
{
	const std::string log = take_libbpf_log();
	const std::string what = "node " + program.node + " (class " + program.cls + ")";
	auto lines = SourceLines::read(program.object, program.cls);
	auto refusal = explain_refusal(verifier_log, lines ? *lines : SourceLines(), program.cls + ".bpf.c");
	if (refusal) {
		Error refused{ErrorKind::refused, "the kernel's verifier refuses " + what + ":\n" + render(*refusal),
			      refusal->mend.empty() ? "docs/writing-a-module.md lists the usual reasons"
						    : refusal->mend};
		refused.verifier = std::make_shared<VerifierRefusal>(*std::move(refusal));
		return std::unexpected(std::move(refused));
	}
	if (error == EPERM)
		return fail_errno(error, "the kernel does not let this user load programs: " + what,
				  "run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
	if (error == ENOMEM || error == E2BIG)
		return fail_errno(error, "the kernel has no room for " + what + "\n" + log);
	return fail(ErrorKind::refused, "the kernel refuses " + what + ":\n" + log,
		    "nfup doctor says what this kernel can do");
}

template <class Info> std::uint32_t id_of(int fd)
{
	Info info{};
	__u32 length = sizeof info;
	return bpf_obj_get_info_by_fd(fd, &info, &length) == 0 ? info.id : 0;
}

Fd duplicate(int fd)
{
	return Fd(fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

} // namespace

Result<Fd> load_program(const NodeProgram& program)
{
	auto object = open_object(program.object, program.cls);
	if (!object)
		return pass(object);
	if (auto set = set_constants(object->get(), program); !set)
		return pass(set);
	std::vector<Fd> tables;
	bpf_map* map;
	bpf_object__for_each_map(map, object->get())
	{
		if (bpf_map__is_internal(map))
			continue;
		const auto fd = program.maps.find(bpf_map__name(map));
		const auto content = std::ranges::find(program.constants, bpf_map__name(map), &Constant::variable);
		if (fd == program.maps.end() && content != program.constants.end()) {
			// The object, and then the program, keep the map: nobody else needs it.
			auto table = make_table(map, content->bytes);
			if (!table)
				return pass(table);
			if (bpf_map__reuse_fd(map, table->get()) != 0)
				return fail_errno(errno, std::string("cannot share the table ") + bpf_map__name(map) +
							     " with node " + program.node);
			tables.push_back(*std::move(table));
			continue;
		}
		if (fd == program.maps.end() && is_private_map(bpf_map__name(map)))
			continue; // libbpf makes it, the program keeps it
		if (fd == program.maps.end())
			return fail(ErrorKind::intent, "node " + program.node + " wants the map " + bpf_map__name(map) +
							   ", which nobody has made");
		if (bpf_map__reuse_fd(map, fd->second) != 0)
			return fail_errno(errno, std::string("cannot share the map ") + bpf_map__name(map) +
						     " with node " + program.node);
	}
	bpf_program* loaded = bpf_object__find_program_by_name(object->get(), program.cls.c_str());
	if (!loaded)
		return fail(ErrorKind::intent, "the object of class " + program.cls + " has no program of that name");
	const VerifierLog log(loaded);
	const int error = load_folded(object->get());
	if (error != 0)
		return load_failure(-error, program, log.text());
	for (const Fd& table : tables)
		if (auto frozen = freeze_table(table); !frozen)
			return pass(frozen);
	return duplicate(bpf_program__fd(loaded));
}

Result<std::map<std::string, Fd>> create_maps(const std::filesystem::path& path, const std::vector<std::string>& names,
					      std::uint32_t entries)
{
	auto object = open_object(path, "nfup");
	if (!object)
		return pass(object);
	bpf_program* program;
	bpf_object__for_each_program(program, object->get()) bpf_program__set_autoload(program, false);
	const auto wanted = [&](const bpf_map* map) {
		return std::ranges::find(names, bpf_map__name(map)) != names.end();
	};
	bpf_map* map;
	bpf_object__for_each_map(map, object->get())
	{
		bpf_map__set_autocreate(map, wanted(map));
		if (wanted(map) && entries)
			bpf_map__set_max_entries(map, entries);
	}
	if (const int error = bpf_object__load(object->get()); error != 0) {
		const std::string log = take_libbpf_log();
		if (error == -EPERM)
			return fail_errno(EPERM, "the kernel does not let this user make BPF maps",
					  "run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
		return fail_errno(-error, "cannot make maps\n" + log);
	}
	std::map<std::string, Fd> fds;
	bpf_object__for_each_map(map, object->get()) if (wanted(map))
	    fds.emplace(bpf_map__name(map), duplicate(bpf_map__fd(map)));
	for (const auto& name : names)
		if (!fds.contains(name))
			return fail(ErrorKind::intent, path.string() + " has no map " + name);
	return fds;
}

std::uint32_t program_id(int fd)
{
	return id_of<bpf_prog_info>(fd);
}

std::uint32_t map_id(int fd)
{
	return id_of<bpf_map_info>(fd);
}

Result<std::optional<Fd>> find_map(std::uint32_t id)
{
	Fd fd(bpf_map_get_fd_by_id(id));
	if (fd)
		return std::optional(std::move(fd));
	if (errno == ENOENT)
		return std::optional<Fd>{};
	return fail_errno(errno, "cannot open the map with id " + std::to_string(id));
}

Result<Fd> open_map(std::uint32_t id)
{
	Fd fd(bpf_map_get_fd_by_id(id));
	if (!fd)
		return fail_errno(errno, "cannot open the map with id " + std::to_string(id));
	return fd;
}

} // namespace nfup::loader
