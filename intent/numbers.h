// SPDX-License-Identifier: BSD-2-Clause
// Texts of numbers and quantities, and of addresses.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace nfup::intent {

// Decimal, 0x hexadecimal or octal with a leading 0; an optional sign.
std::optional<__int128> read_integer(const std::string& text);
// A size: an integer or decimal fraction with k, M or G (powers of 1024).
std::optional<__int128> read_size(const std::string& text);
// Nanoseconds: "5s", "100ms", "2h4m", "1.5"; a bare number is seconds.
std::optional<__int128> read_duration(const std::string& text);
// A second: "100k", "1.5M" (powers of 1000), "10Mbps" (bits, gives bytes).
std::optional<__int128> read_rate(const std::string& text);

using Ip4 = std::array<std::uint8_t, 4>;
using Ip6 = std::array<std::uint8_t, 16>;
using Mac = std::array<std::uint8_t, 6>;

std::optional<Ip4> read_ip4(const std::string& text);
std::optional<Ip6> read_ip6(const std::string& text);
std::optional<Mac> read_mac(const std::string& text);
Ip6 map_ip4(const Ip4& address); // ::ffff:a.b.c.d

struct Prefix {
	Ip6 address{};  // IPv4 addresses mapped
	int length = 0; // of 128
	bool ip4 = false;
};
std::optional<Prefix> read_prefix(const std::string& text);

} // namespace nfup::intent
