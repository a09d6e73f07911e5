// SPDX-License-Identifier: BSD-2-Clause
#include "state_convert.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <linux/bpf.h>

#include "sweeper.h"

namespace nfup::upgrade {

namespace {

using statemaps::Bytes;
using statemaps::Table;

// A map of its own, with room for that many; without BTF, since entries are only bytes here.
Result<Converted> scratch_table(const std::string& atom, statemaps::Schema schema, std::uint64_t entries)
{
	schema.type = BPF_MAP_TYPE_HASH;
	schema.flags = 0;
	schema.max_entries = static_cast<std::uint32_t>(std::max<std::uint64_t>(entries, 1));
	Fd map(bpf_map_create(BPF_MAP_TYPE_HASH, "nfup_convert", schema.key_size, schema.value_size, schema.max_entries,
			      nullptr));
	if (!map)
		return fail_errno(errno, "cannot make a map to convert " + std::to_string(entries) +
					     " entries of the state " + atom + " in");
	Table table{atom, map.get(), std::move(schema), {}, 0};
	return Converted{std::move(map), std::move(table)};
}

} // namespace

Result<Converted> convert_saved(const StateFile& file, std::size_t index, const statemaps::Schema& wanted,
				const std::string& sweeper, const std::function<void(Bytes&)>& prepare)
{
	const SavedState& saved = file.header().states.at(index);
	auto old = scratch_table(saved.atom, saved.schema, saved.entries);
	if (!old)
		return pass(old);
	auto fresh = scratch_table(saved.atom, wanted, saved.entries);
	if (!fresh)
		return pass(fresh);
	Bytes value(saved.value_size());
	auto read = file.read(index, [&](const std::uint8_t* key, const std::uint8_t* bytes) -> Result<void> {
		value.assign(bytes, bytes + value.size());
		prepare(value);
		auto written = old->table.update(key, value.data(), BPF_ANY);
		if (!written)
			return pass(written);
		if (*written != Table::Write::done)
			return fail(ErrorKind::system, "no room to convert the entries of the state " + saved.atom);
		return {};
	});
	if (!read)
		return pass(read);
	auto swept = run_sweeper(sweeper, old->table, fresh->map.get(), [] { return Result<void>{}; }, {});
	if (!swept)
		return pass(swept);
	if (swept->stayed)
		return fail(ErrorKind::system, std::to_string(swept->stayed) + " entries of the state " + saved.atom +
						   " could not be converted: the kernel had no room for them");
	return fresh;
}

} // namespace nfup::upgrade
