// SPDX-License-Identifier: BSD-2-Clause
#include "table.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <unordered_set>

namespace nfup::statemaps {

namespace {

// Entries a call. A bucket of a hash table that has more needs a larger buffer.
constexpr std::uint32_t batch = 4096, most_in_batch = 1u << 22;

bool has_batches(const Table& table)
{
	return table.schema.type != BPF_MAP_TYPE_LPM_TRIE; // it has, and restarts on a deletion
}

std::unexpected<Error> failed(const Table& table, const char* what)
{
	return fail_errno(errno, std::string("cannot ") + what + " the state " + table.atom);
}

// One by one. A key that is deleted under us makes the kernel start again from the
// front, so what was seen is remembered.
Result<void> walk_keys(const Table& table, const Visit& visit)
{
	std::unordered_set<std::string> seen;
	Bytes key(table.schema.key_size), next(table.schema.key_size);
	const void* from = nullptr;
	// A bound for tables that change faster than they are read.
	for (std::uint64_t steps = 0; steps < 4ull * table.schema.max_entries + 1024; steps++) {
		if (bpf_map_get_next_key(table.fd, from, next.data()) != 0) {
			if (errno == ENOENT)
				return {};
			return failed(table, "walk");
		}
		key = next;
		from = key.data();
		if (!seen.emplace(key.begin(), key.end()).second)
			continue;
		auto value = table.lookup(key.data());
		if (!value)
			return pass(value);
		if (!*value)
			continue;
		auto more = visit(key.data(), (*value)->data());
		if (!more)
			return pass(more);
		if (!*more)
			return {};
	}
	return {};
}

} // namespace

Result<Table> Table::open(std::string atom, int fd)
{
	auto schema = schema_of(fd);
	if (!schema)
		return pass(schema);
	auto layout = read_layout(fd);
	if (!layout)
		return pass(layout);
	Table table{std::move(atom), fd, std::move(*schema), std::move(*layout), 0};
	switch (table.schema.type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_LPM_TRIE:
		return table;
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		table.cpus = libbpf_num_possible_cpus();
		if (table.cpus > 0)
			return table;
		return fail(ErrorKind::system, "cannot tell how many CPUs there may be",
			    "look at /sys/devices/system/cpu/possible");
	default:
		break;
	}
	const char* type = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(table.schema.type));
	return fail(ErrorKind::intent,
		    "the state " + table.atom + " is a map of type " + (type ? type : "?") +
			", whose entries have no keys",
		    "hash tables, arrays and LPM tries, per CPU or not, can be read and written");
}

std::size_t Table::value_stride() const
{
	return cpus ? (schema.value_size + 7u) / 8 * 8 : schema.value_size;
}

std::size_t Table::value_bytes() const
{
	return value_stride() * static_cast<std::size_t>(cpus ? cpus : 1);
}

bool Table::is_array() const
{
	return schema.type == BPF_MAP_TYPE_ARRAY || schema.type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

bool Table::is_lru() const
{
	return schema.type == BPF_MAP_TYPE_LRU_HASH || schema.type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

Result<std::optional<Bytes>> Table::lookup(const std::uint8_t* key) const
{
	Bytes value(value_bytes());
	if (bpf_map_lookup_elem(fd, key, value.data()) == 0)
		return std::optional(std::move(value));
	if (errno == ENOENT)
		return std::optional<Bytes>{};
	return failed(*this, "read");
}

Result<Table::Write> Table::update(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags) const
{
	if (bpf_map_update_elem(fd, key, value, flags) == 0)
		return Write::done;
	switch (errno) {
	case EEXIST:
		return Write::exists;
	case ENOENT:
		return Write::missing;
	case E2BIG:
	case ENOSPC:
	case ENOMEM: // all elements of an LRU table are in use this moment
		return Write::full;
	}
	return failed(*this, "write");
}

Result<Table::Write> Table::remove(const std::uint8_t* key) const
{
	if (bpf_map_delete_elem(fd, key) == 0)
		return Write::done;
	if (errno == ENOENT)
		return Write::missing;
	return failed(*this, "delete from");
}

Result<void> walk(const Table& table, const Visit& visit)
{
	if (!has_batches(table))
		return walk_keys(table, visit);
	const std::size_t key_size = table.schema.key_size, value_size = table.value_bytes();
	std::uint32_t room = std::max(std::min(batch, table.schema.max_entries), 1u);
	// A cursor is a key for arrays and a bucket's number for hash tables.
	Bytes keys(room * key_size), values(room * value_size), cursor(std::max<std::size_t>(key_size, 8)),
	    next = cursor;
	bool first = true;
	for (;;) {
		std::uint32_t count = room;
		const int error = bpf_map_lookup_batch(table.fd, first ? nullptr : cursor.data(), next.data(),
						       keys.data(), values.data(), &count, nullptr) == 0
				      ? 0
				      : errno;
		if (error == ENOSPC && room < most_in_batch) { // one bucket is larger than the buffer
			room *= 2;
			keys.resize(room * key_size);
			values.resize(room * value_size);
			continue;
		}
		if (error && error != ENOENT) {
			if (first)
				return walk_keys(table, visit);
			errno = error;
			return failed(table, "walk");
		}
		for (std::uint32_t i = 0; i < count; i++) {
			auto more = visit(keys.data() + i * key_size, values.data() + i * value_size);
			if (!more)
				return pass(more);
			if (!*more)
				return {};
		}
		if (error == ENOENT)
			return {};
		cursor.swap(next);
		first = false;
	}
}

} // namespace nfup::statemaps
