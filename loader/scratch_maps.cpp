// SPDX-License-Identifier: BSD-2-Clause
#include "scratch_maps.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <sys/mman.h>
#include <utility>
#include <numeric>
#include <vector>

#include "bpf_object.h"
#include "program.h"

namespace nfup::loader {

namespace {

bool by_key(bpf_map_type type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
		return true;
	default:
		return false;
	}
}

// Timers, locks and other things of the kernel's in a value: it must know where.
bool has_kernel_structs(const btf* types, __u32 value)
{
	const btf_type* type = btf__type_by_id(types, value);
	if (!type || !btf_is_struct(type))
		return false;
	const btf_member* member = btf_members(type);
	for (int i = 0; i < btf_vlen(type); i++, member++) {
		const __s32 inner = btf__resolve_type(types, member->type);
		const btf_type* field = inner < 0 ? nullptr : btf__type_by_id(types, static_cast<__u32>(inner));
		if (field && btf_is_struct(field) &&
		    std::string(btf__name_by_offset(types, field->name_off)).starts_with("bpf_"))
			return true;
	}
	return false;
}

Result<void> empty_array(int fd, const bpf_map_info& info)
{
	if (info.type == BPF_MAP_TYPE_ARRAY) { // all at once
		std::vector<__u32> indices(info.max_entries);
		std::iota(indices.begin(), indices.end(), 0u);
		const std::vector<char> zeros(std::size_t{info.value_size} * info.max_entries);
		__u32 count = info.max_entries;
		if (bpf_map_update_batch(fd, indices.data(), zeros.data(), &count, nullptr) != 0)
			return fail_errno(errno, std::string("cannot zero the map ") + info.name);
		return {};
	}
	const std::size_t value = (info.value_size + 7u) / 8 * 8;
	const std::vector<char> zero(value * static_cast<std::size_t>(libbpf_num_possible_cpus()));
	for (__u32 i = 0; i < info.max_entries; i++)
		if (bpf_map_update_elem(fd, &i, zero.data(), BPF_ANY) != 0)
			return fail_errno(errno, std::string("cannot zero the map ") + info.name);
	return {};
}

} // namespace

Result<SharedArray> SharedArray::make(const std::string& name, std::size_t value_size, std::size_t entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	Fd fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, name.c_str(), 4, static_cast<__u32>(value_size),
			     static_cast<__u32>(entries), &options));
	if (!fd)
		return fail_errno(errno, "cannot make a scratch map " + name,
				  "root is needed, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
	return open(std::move(fd), value_size, entries);
}

Result<SharedArray> SharedArray::open(Fd fd, std::size_t value_size, std::size_t entries)
{
	bpf_map_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0 || info.type != BPF_MAP_TYPE_ARRAY ||
	    info.value_size != value_size || info.max_entries != entries)
		return fail(ErrorKind::system, "the scratch map has another shape");
	const std::size_t size = (value_size + 7) / 8 * 8 * entries;
	void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
	if (memory == MAP_FAILED)
		return fail_errno(errno, std::string("cannot map the scratch map ") + info.name);
	return SharedArray(std::move(fd), static_cast<std::byte*>(memory), size);
}

SharedArray::SharedArray(SharedArray&& other) noexcept
    : fd_(std::move(other.fd_)), memory_(std::exchange(other.memory_, nullptr)), size_(other.size_)
{
}

SharedArray::~SharedArray()
{
	if (memory_)
		munmap(memory_, size_);
}

Result<Fd> make_scratch_map(const std::filesystem::path& object, const std::string& name)
{
	auto opened = open_object(object, "nfup");
	if (!opened)
		return pass(opened);
	const bpf_map* map = bpf_object__find_map_by_name(opened->get(), name.c_str());
	if (!map)
		return fail(ErrorKind::intent, object.string() + " has no map " + name);
	if (has_kernel_structs(bpf_object__btf(opened->get()), bpf_map__btf_value_type_id(map))) {
		auto made = create_maps(object, {name});
		if (!made)
			return pass(made);
		return std::move(made->at(name));
	}
	const auto type = bpf_map__type(map);
	__u32 entries = bpf_map__max_entries(map);
	if (by_key(type))
		entries = std::min(entries, scratch_entries);
	if (type == BPF_MAP_TYPE_ARRAY)
		entries = std::min(entries, scratch_indices);
	if (type == BPF_MAP_TYPE_QUEUE) // of keys: as NFUP_AGED_STATE has it
		entries = std::min(entries, 2 * scratch_entries);
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = bpf_map__map_flags(map));
	Fd fd(bpf_map_create(type, name.c_str(), bpf_map__key_size(map), bpf_map__value_size(map), entries, &options));
	if (!fd)
		return fail_errno(errno, "cannot make a scratch map " + name);
	return fd;
}

Result<void> empty_map(int fd)
{
	bpf_map_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0)
		return fail_errno(errno, "cannot ask the kernel about a map");
	const auto type = static_cast<bpf_map_type>(info.type);
	if (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY)
		return empty_array(fd, info);
	std::vector<char> key(std::max(info.key_size, 1u)), value(std::max(info.value_size, 1u));
	if (type == BPF_MAP_TYPE_QUEUE || type == BPF_MAP_TYPE_STACK) {
		while (bpf_map_lookup_and_delete_elem(fd, nullptr, value.data()) == 0)
			;
		return {};
	}
	if (!by_key(type))
		return fail(ErrorKind::system,
			    std::string("the map ") + info.name + " is of a type that cannot be emptied");
	while (bpf_map_get_next_key(fd, nullptr, key.data()) == 0)
		if (bpf_map_delete_elem(fd, key.data()) != 0 && errno != ENOENT)
			return fail_errno(errno, std::string("cannot empty the map ") + info.name);
	return {};
}

Result<std::size_t> value_size(const std::filesystem::path& object, const std::string& name)
{
	auto opened = open_object(object, "nfup");
	if (!opened)
		return pass(opened);
	const bpf_map* map = bpf_object__find_map_by_name(opened->get(), name.c_str());
	if (!map)
		return fail(ErrorKind::intent, object.string() + " has no map " + name);
	return bpf_map__value_size(map);
}

} // namespace nfup::loader
