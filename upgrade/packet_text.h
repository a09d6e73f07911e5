// SPDX-License-Identifier: BSD-2-Clause
// Packets as people read them, from layers and from bytes.
#pragma once

#include <string>

#include "packet.h"

namespace nfup::packet {

// The layers that these bytes begin with, every field of them set, also those
// that could be computed; what no layer explains is Payload at the end. Building
// the result gives the bytes again.
Packet dissect(const Bytes& bytes);

// As canaries write it: fields at their defaults, or that are what they would be
// computed to, are left out.
std::string to_text(const Packet& packet);
std::string to_text(const Bytes& bytes);

// Would this field be the same if it were computed? (Of a dissected packet.)
bool is_right(const Packet& packet, std::size_t layer, const char* field);

} // namespace nfup::packet
