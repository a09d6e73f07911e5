// SPDX-License-Identifier: BSD-2-Clause
// The XDP program that is attached to a device already, and its exchange for another
// in one step: whatever the device receives meets the one or the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "attach.h"
#include "fd.h"
#include "intent/result.h"

namespace nfup::loader {

struct Holder {
	std::uint32_t prog_id = 0;
	std::string name; // the program's; behind libxdp's dispatcher those of its components
	Mode mode = Mode::native;
	std::uint32_t link_id = 0; // of the bpf_link; 0: attached by netlink (ip link, libxdp)
};

// Of a device in the current network namespace. None: no program is attached.
// Error (kind system): several are (native and offloaded), or which link it is cannot be told.
Result<std::optional<Holder>> find_holder(int ifindex, const std::string& ifname);

// "xdp_filter (id 12, native, by netlink)"
std::string describe(const Holder& holder);

// Error (kind system): permissions, or it is gone.
Result<Fd> open_link(std::uint32_t link_id);
Result<Fd> open_program(std::uint32_t prog_id);

enum class Exchanged {
	done,
	other, // the device runs another program than `from`, or is gone: nothing was changed
};
Result<Exchanged> exchange_by_netlink(int ifindex, Mode mode, int from_fd, int to_fd);
Result<Exchanged> exchange_in_link(int link_fd, int from_fd, int to_fd);

} // namespace nfup::loader
