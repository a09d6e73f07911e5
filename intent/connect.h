// SPDX-License-Identifier: BSD-2-Clause
// Which output port of an arrow's left side goes to which input port of its
// right side: one to one, many to one, one to many, and with `=>` side by side.
#pragma once

#include <utility>
#include <vector>

#include "click_syntax.h"

namespace nfup::intent {

// An element named in a chain. `sink` is where its input ports are, `source`
// where its output ports are; -1: it has none of these.
struct Terminal {
	int sink = -1, source = -1;
	const click::Ports* in = nullptr;
	const click::Ports* out = nullptr;
	Location where;
	std::vector<int> own_in, own_out; // a group's ports, meant when none are given
};

using PortEnd = std::pair<const Terminal*, int>;

std::vector<std::pair<PortEnd, PortEnd>> pair_ports(const std::vector<Terminal>& from, const std::vector<Terminal>& to,
						    const click::Stage& stage, Diagnostics& diagnostics);

} // namespace nfup::intent
