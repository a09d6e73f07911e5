// SPDX-License-Identifier: BSD-2-Clause
// `ingress` on a device: attached once, through a link that is pinned, and never
// replaced. docs/decisions/0001-attach-by-link.md says why a link.
#pragma once

#include <cstdint>
#include <string>

#include "fd.h"
#include "intent/result.h"

namespace nfup::loader {

enum class Mode { native, generic, offload };

Result<Mode> parse_mode(const std::string& text);
const char* to_string(Mode mode);
unsigned flags_of(Mode mode); // XDP_FLAGS_*

// The calls below look in the current network namespace: see netns.h.

// Error (kind system): no such device; the hint names those there are.
Result<int> find_device(const std::string& name);

// Error (kind system): a device that is busy (says which program holds it), a
// driver without native XDP (says what to do), permissions.
Result<Fd> attach(int program_fd, int ifindex, const std::string& ifname, Mode mode);

struct Attached {
	std::string ifname; // as it is called now; empty when the device is gone
	int ifindex = 0;
	// "native", "generic", "offload"; "gone" when detached by the kernel, "replaced" when
	// somebody has put another program there
	std::string mode;
};
Result<Attached> describe_link(int link_fd);
// The same of a device that should run this program.
Attached describe_device(int ifindex, std::uint32_t prog_id);

// The program's name; behind libxdp's dispatcher those of its components.
std::string holder_name(int ifindex, std::uint32_t prog_id);

// What holds a device, for messages: "xdp_pass (id 12, native)". Empty: nothing.
std::string device_holder(int ifindex);

} // namespace nfup::loader
