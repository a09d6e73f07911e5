// SPDX-License-Identifier: BSD-2-Clause
#include "queue.h"

#include <bpf/bpf.h>
#include <cerrno>

namespace nfup::statemaps {

namespace {
const std::string suffix = "_QUEUE";
}

std::string queue_of(const std::string& atom)
{
	return atom + suffix;
}

bool is_queue(const std::string& name)
{
	return name.size() > suffix.size() && name.ends_with(suffix);
}

std::string state_of(const std::string& queue)
{
	return queue.substr(0, queue.size() - suffix.size());
}

Result<void> push_key(int queue_fd, const std::uint8_t* key)
{
	if (bpf_map_update_elem(queue_fd, nullptr, key, BPF_ANY) == 0)
		return {};
	if (errno == E2BIG)
		return fail(ErrorKind::refused, "the queue of the state is full: the entry would never age",
			    "new entries make room in it, or delete some and try again");
	return fail_errno(errno, "cannot write to the queue of the state");
}

Result<void> push_keys(int queue_fd, const Table& table)
{
	return walk(table, [&](const std::uint8_t* key, const std::uint8_t*) -> Result<bool> {
		if (auto pushed = push_key(queue_fd, key); !pushed)
			return pass(pushed);
		return true;
	});
}

Result<std::uint64_t> move_keys(int from_fd, int to_fd, std::uint32_t key_size,
				const std::function<Result<bool>(const std::uint8_t* key)>& lives,
				const std::function<bool()>& more)
{
	Bytes key(key_size);
	std::uint64_t moved = 0;
	// Looking up a queue's element is to look at the first.
	while (bpf_map_lookup_elem(from_fd, nullptr, key.data()) == 0) {
		auto live = lives(key.data());
		if (!live)
			return pass(live);
		if (*live)
			if (auto pushed = push_key(to_fd, key.data()); !pushed)
				return pass(pushed);
		if (bpf_map_lookup_and_delete_elem(from_fd, nullptr, key.data()) != 0)
			return fail_errno(errno, "cannot take a key from the queue of the state");
		if (++moved % 65536 == 0 && !more())
			return moved;
	}
	if (errno != ENOENT)
		return fail_errno(errno, "cannot read the queue of the state");
	return moved;
}

} // namespace nfup::statemaps
