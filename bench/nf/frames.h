// SPDX-License-Identifier: BSD-2-Clause
// Frames of the traffic tool: the headers that its programs begin from, and what is
// wrong with a frame that came out at the other end.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "traffic.h"

namespace bench {

struct Flows {
	int family = 4;       // 4 or 6
	bool tcp = true;      // or UDP
	unsigned count = 1;   // addresses 1, 2, … of the source prefix, TRAFFIC_PORTS ports each
	unsigned size = 64;   // bytes of a frame with its checksum of 4, at least the smallest that holds a number
	std::string from, to; // source prefix (its last two bytes are 0), destination
	std::uint16_t port = 80;
	std::uint8_t to_mac[6], from_mac[6];
};

enum class Kind { syn, ack, data };

// A pass with the headers of that kind of frame set, and where in them the flow goes.
traffic_pass make_pass(const Flows& flows, Kind kind);

// Bytes of a frame without its checksum, as sent.
unsigned frame_bytes(const Flows& flows);

// What is wrong with the frame's lengths and checksums; nothing: "".
std::string fault_of(std::span<const std::uint8_t> frame);

} // namespace bench
