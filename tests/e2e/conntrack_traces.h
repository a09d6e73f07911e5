// SPDX-License-Identifier: BSD-2-Clause
// Packet traces for a firewall that tracks connections: well-behaved ones, odd ones,
// attacks, and random mutations of connections from a fixed seed.
#pragma once

#include <string>
#include <vector>

#include "upgrade/packet.h"

namespace e2e {

// One packet, or all fragments of one datagram.
struct Step {
	bool from_inside;
	std::vector<nfup::packet::Bytes> frames;
	std::string what;   // for people
	std::string traits; // what a listed difference may rest on, space separated
};

struct Trace {
	std::string name; // with family and side: "window-scale/6/outside"
	std::vector<Step> steps;
};

std::vector<Trace> conntrack_traces();

// The hosts, in both labs.
constexpr const char* inside4 = "10.80.1.2";
constexpr const char* outside4 = "10.80.2.2";
constexpr const char* inside6 = "fd80:1::2";
constexpr const char* outside6 = "fd80:2::2";

} // namespace e2e
