// SPDX-License-Identifier: BSD-2-Clause
// Packets as a pcap file with times in ns (draft-ietf-opsawg-pcap): two headers.
#pragma once

#include <cstdint>
#include <ostream>
#include <span>

namespace nfup::tools {

// Of Ethernet frames. Follow it with packets.
void write_pcap_header(std::ostream& out);

// `time`: ns since 1970; `length`: of the whole frame, of which `bytes` is the beginning.
void write_pcap_packet(std::ostream& out, std::uint64_t time, std::uint32_t length,
		       std::span<const std::uint8_t> bytes);

} // namespace nfup::tools
