// SPDX-License-Identifier: BSD-2-Clause
#include "table.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <string>
#include <vector>

namespace nfup::loader {

namespace {

// The batch calls want keys and values apart.
struct Records {
	std::vector<std::uint8_t> keys, values;
	std::uint32_t count = 0;
};

Records read_records(std::span<const std::uint8_t> content, bool array, std::size_t key_size, std::size_t value_size)
{
	Records out;
	const std::size_t size = array ? value_size : key_size + value_size;

	for (; content.size() >= size; content = content.subspan(size), ++out.count) {
		const auto* index = reinterpret_cast<const std::uint8_t*>(&out.count);
		const std::uint8_t* key = array ? index : content.data();
		const std::uint8_t* value = content.data() + (size - value_size);
		out.keys.insert(out.keys.end(), key, key + key_size);
		out.values.insert(out.values.end(), value, value + value_size);
	}
	return out;
}

} // namespace

Result<Fd> make_table(const bpf_map* declaration, std::span<const std::uint8_t> content)
{
	const std::string name = bpf_map__name(declaration);
	const bpf_map_type type = bpf_map__type(declaration);
	const std::uint32_t key_size = bpf_map__key_size(declaration), value_size = bpf_map__value_size(declaration);
	const bool array = type == BPF_MAP_TYPE_ARRAY;

	if (!array && type != BPF_MAP_TYPE_HASH && type != BPF_MAP_TYPE_LPM_TRIE)
		return fail(ErrorKind::intent, "table " + name + " is neither an array, a hash nor an LPM trie");
	if (content.size() % (array ? value_size : key_size + value_size))
		return fail(ErrorKind::intent,
			    "table " + name + " is declared with records of another size than its content has");
	const Records records = read_records(content, array, key_size, value_size);
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = bpf_map__map_flags(declaration) | BPF_F_RDONLY_PROG);
	Fd fd(bpf_map_create(type, name.c_str(), key_size, value_size, std::max(records.count, 1u), &options));
	if (!fd)
		return fail_errno(errno, "cannot make the table " + name + " of " + std::to_string(records.count) +
					     " entries");
	std::uint32_t done = records.count;
	if (done && bpf_map_update_batch(fd.get(), records.keys.data(), records.values.data(), &done, nullptr) != 0)
		return fail_errno(errno, "cannot fill the table " + name);
	return fd;
}

Result<void> freeze_table(const Fd& table)
{
	if (bpf_map_freeze(table.get()) != 0)
		return fail_errno(errno, "cannot freeze a table");
	return {};
}

} // namespace nfup::loader
