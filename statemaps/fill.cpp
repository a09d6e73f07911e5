// SPDX-License-Identifier: BSD-2-Clause
#include "fill.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <vector>

namespace nfup::statemaps {

Result<std::uint64_t> count_entries(int map_fd)
{
	bpf_map_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(map_fd, &info, &length) != 0)
		return fail_errno(errno, "cannot ask the kernel about a map");
	// A key deleted under us makes the walk start again from the front; more
	// steps than the map has room for would be such a restart.
	std::vector<char> key(info.key_size), next(info.key_size);
	std::uint64_t count = 0;
	const void* from = nullptr;
	while (count < info.max_entries && bpf_map_get_next_key(map_fd, from, next.data()) == 0) {
		count++;
		key.swap(next);
		from = key.data();
	}
	return count;
}

} // namespace nfup::statemaps
