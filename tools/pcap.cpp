// SPDX-License-Identifier: BSD-2-Clause
#include "pcap.h"

namespace nfup::tools {

namespace {

constexpr std::uint32_t nanosecond_magic = 0xa1b23c4d, ethernet = 1, longest = 262144;

// In this machine's byte order, which the magic tells.
template <class T> void write(std::ostream& out, const T& value)
{
	out.write(reinterpret_cast<const char*>(&value), sizeof value);
}

} // namespace

void write_pcap_header(std::ostream& out)
{
	const struct {
		std::uint32_t magic = nanosecond_magic;
		std::uint16_t major = 2, minor = 4;
		std::uint32_t zone = 0, accuracy = 0, snapshot = longest, link = ethernet;
	} header;
	static_assert(sizeof header == 24);
	write(out, header);
}

void write_pcap_packet(std::ostream& out, std::uint64_t time, std::uint32_t length, std::span<const std::uint8_t> bytes)
{
	const std::uint32_t header[] = {static_cast<std::uint32_t>(time / 1'000'000'000),
					static_cast<std::uint32_t>(time % 1'000'000'000),
					static_cast<std::uint32_t>(bytes.size()), length};
	write(out, header);
	out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

} // namespace nfup::tools
