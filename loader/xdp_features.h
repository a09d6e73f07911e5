// SPDX-License-Identifier: BSD-2-Clause
// What a device's driver says it can do with XDP: the kernel's netdev netlink
// family (Linux 6.3 and later; Documentation/netlink/specs/netdev.yaml).
#pragma once

#include <cstdint>
#include <optional>

namespace nfup::loader {

enum XdpFeature : std::uint64_t { // enum netdev_xdp_act
	xdp_basic = 1,            // native programs: pass, drop, tx
	xdp_redirect = 2,         // can redirect away from this device
	xdp_ndo_xmit = 4,         // can be redirected to
	xdp_rx_sg = 32,           // frames over one page: xdp.frags
};

// Of a device in the current network namespace. Nothing: the kernel does not say.
std::optional<std::uint64_t> xdp_features(int ifindex);

} // namespace nfup::loader
