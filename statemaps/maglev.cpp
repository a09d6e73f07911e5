// SPDX-License-Identifier: BSD-2-Clause
#include "maglev.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <map>
#include <tuple>

#include "bpf/maglev.h"
#include "intent/hash.h"

namespace nfup::statemaps {

namespace {

const std::string suffix = "_MAGLEV";

// Two hashes of a name: where its preference list begins, and how far it leaps.
std::uint64_t hash_name(const MaglevServer& server, std::uint8_t which)
{
	Bytes bytes(server.name.begin(), server.name.end());
	bytes.push_back(which);
	return hash64(bytes);
}

// A server at its turns.
class Turns {
public:
	Turns(const MaglevServer& server, std::uint32_t slots)
	    : number(server.number), weight(server.weight), slots_(slots),
	      next_(static_cast<std::uint32_t>(hash_name(server, 0) % slots)),
	      skip_(static_cast<std::uint32_t>(hash_name(server, 1) % (slots - 1) + 1))
	{
	}
	// The next slot of its preference list: a permutation, for the number of slots is prime.
	std::uint32_t prefers()
	{
		const std::uint32_t slot = next_;
		next_ = static_cast<std::uint32_t>((std::uint64_t{next_} + skip_) % slots_);
		return slot;
	}

	std::uint32_t number, weight;
	std::uint64_t credit = 0;

private:
	std::uint32_t slots_, next_, skip_;
};

std::uint64_t read_number(const Table& table, const std::string& path, const std::uint8_t* entry)
{
	std::uint64_t value = 0;
	for (const EntryField& field : table.layout.fields)
		if (field.path == path)
			for (std::uint32_t i = 0; i < field.size && i < sizeof value; i++)
				value |= std::uint64_t{entry[field.offset + i]} << (8 * i);
	return value;
}

void append_field(const Table& table, const std::string& path, const std::uint8_t* entry, std::string& out)
{
	for (const EntryField& field : table.layout.fields)
		if (field.path == path)
			out.insert(out.end(), entry + field.offset, entry + field.offset + field.size);
}

// The slots of one service.
Result<std::vector<std::uint32_t>> read_slots(int fd, std::uint32_t first)
{
	std::vector<std::uint32_t> slots(MAGLEV_SLOTS), keys(MAGLEV_SLOTS);
	std::uint32_t before = first - 1, last = 0, count = MAGLEV_SLOTS;
	if (bpf_map_lookup_batch(fd, first ? &before : nullptr, &last, keys.data(), slots.data(), &count, nullptr) &&
	    errno != ENOENT) // the end of the table
		return fail_errno(errno, "cannot read a Maglev table");
	return slots;
}

Result<void> write_slots(int fd, std::uint32_t first, const std::vector<std::uint32_t>& wanted)
{
	auto present = read_slots(fd, first);
	if (!present)
		return pass(present);
	std::vector<std::uint32_t> keys, values;
	for (std::uint32_t i = 0; i < MAGLEV_SLOTS; i++)
		if ((*present)[i] != wanted[i]) {
			keys.push_back(first + i);
			values.push_back(wanted[i]);
		}
	auto count = static_cast<std::uint32_t>(keys.size());
	if (count && bpf_map_update_batch(fd, keys.data(), values.data(), &count, nullptr))
		return fail_errno(errno, "cannot write a Maglev table");
	return {};
}

} // namespace

std::vector<std::uint32_t> maglev_table(std::vector<MaglevServer> servers, std::uint32_t slots)
{
	std::vector<std::uint32_t> table(slots);
	std::erase_if(servers, [](const MaglevServer& server) { return server.weight == 0; });
	std::ranges::sort(servers, {}, [](const MaglevServer& s) { return std::tie(s.name, s.number); });
	std::vector<Turns> turns;
	std::uint64_t heaviest = 0;
	for (const MaglevServer& server : servers) {
		turns.emplace_back(server, slots);
		heaviest = std::max<std::uint64_t>(heaviest, server.weight);
	}
	// Round after round; the heaviest has a turn in each, others as often as they weigh.
	for (std::uint32_t filled = 0; filled < slots && heaviest;)
		for (Turns& server : turns) {
			server.credit += server.weight;
			if (server.credit < heaviest)
				continue;
			server.credit -= heaviest;
			std::uint32_t slot = server.prefers();
			while (table[slot])
				slot = server.prefers();
			table[slot] = server.number + 1;
			if (++filled == slots)
				break;
		}
	return table;
}

std::string maglev_of(const std::string& atom)
{
	return atom + suffix;
}

bool is_maglev(const std::string& name)
{
	return name.size() > suffix.size() && name.ends_with(suffix);
}

Result<void> update_maglev(int maglev_fd, const Table& servers)
{
	std::map<std::uint64_t, std::vector<MaglevServer>> services;
	auto walked = walk(servers, [&](const std::uint8_t* key, const std::uint8_t* value) -> Result<bool> {
		MaglevServer server{static_cast<std::uint32_t>(read_number(servers, "key.server", key)),
				    {},
				    static_cast<std::uint32_t>(read_number(servers, "value.weight", value))};
		append_field(servers, "value.addr", value, server.name);
		append_field(servers, "value.port", value, server.name);
		services[read_number(servers, "key.service", key)].push_back(std::move(server));
		return true;
	});
	if (!walked)
		return walked;
	auto schema = schema_of(maglev_fd);
	if (!schema)
		return pass(schema);
	const std::uint32_t room = schema->max_entries / MAGLEV_SLOTS;
	for (std::uint32_t service = 0; service < room; service++) {
		const auto found = services.find(service);
		const auto slots =
		    maglev_table(found == services.end() ? std::vector<MaglevServer>() : found->second, MAGLEV_SLOTS);
		if (auto written = write_slots(maglev_fd, service * MAGLEV_SLOTS, slots); !written)
			return written;
	}
	if (!services.empty() && services.rbegin()->first >= room)
		return fail(ErrorKind::intent,
			    "service " + std::to_string(services.rbegin()->first) +
				" has no place in the Maglev table: " + std::to_string(room) +
				" services have, from 0 on",
			    "give it a lower number, or SelectServer a CAPACITY of " + std::to_string(MAGLEV_SLOTS) +
				" for each");
	return {};
}

} // namespace nfup::statemaps
