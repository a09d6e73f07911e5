// SPDX-License-Identifier: BSD-2-Clause
// The generated canaries: a spread of packets for any intent, with the addresses
// and ports of its own arguments among them, so that filters are met from both
// sides. The same intent gives the same packets.
#pragma once

#include <string>
#include <vector>

#include "packet.h"

namespace nfup::upgrade {

struct GeneratedPacket {
	int port = 0; // index of the port it comes in by
	packet::Bytes frame;
};

// Packets in one group are sent one behind the other on state that is fresh at
// its start: the beginning and the end of a connection, say.
using PacketGroup = std::vector<GeneratedPacket>;

// `receiving`: port indices. `args`: arguments of all nodes, as written.
std::vector<PacketGroup> generate_packets(const std::vector<int>& receiving, const std::vector<std::string>& args);

} // namespace nfup::upgrade
