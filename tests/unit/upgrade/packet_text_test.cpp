// SPDX-License-Identifier: BSD-2-Clause
// Packets as text: what is built, what is printed, and that both are one.
#include <gtest/gtest.h>

#include "upgrade/canary_file.h"
#include "upgrade/canary_set.h"
#include "upgrade/packet_fields.h"
#include "upgrade/packet_text.h"

namespace nfup::packet {
namespace {

// The frame of one packet, as a canary would write it.
Bytes frame_of(const std::string& text)
{
	intent::Diagnostics diagnostics;
	const auto file = upgrade::parse_canary("case \"x\"\np1: " + text, "x.canary", {"p1"}, {true}, diagnostics);
	for (const auto& d : diagnostics.list())
		ADD_FAILURE() << intent::render(d, "case \"x\"\np1: " + text);
	return file.cases.empty() || file.cases[0].steps.empty() ? Bytes{} : file.cases[0].steps[0].frame;
}

TEST(PacketText, BytesOnTheWire)
{
	EXPECT_EQ(write_hex(frame_of(
		      "Ethernet(src=02:00:00:00:00:0a, dst=02:00:00:00:00:0b) / "
		      "IPv4(src=192.0.2.1, dst=192.0.2.2, ttl=63, id=1) / UDP(sport=53, dport=1024) / \"hi\"")),
		  "02000000000b02000000000a0800"
		  "4500001e00010000"
		  "3f11f7ca"
		  "c0000201c0000202"
		  "00350400000a0f38"
		  "6869");
	EXPECT_EQ(write_hex(frame_of("Ethernet() / VLAN(id=5, priority=3) / Hex(00 01 fe)")),
		  "02000000000202000000000181006005"
		  "88b5"
		  "0001fe");
	EXPECT_EQ(frame_of("Ethernet() / IPv6() / TCP() pad to 200").size(), 200u);
	EXPECT_EQ(frame_of("Ethernet() / IPv6() / TCP() cut to 20").size(), 20u);
	EXPECT_EQ(frame_of("Ethernet() / \"a\\\"\\x00\\n\"").size(), 14u + 4);
}

TEST(PacketText, ChecksumsAreRightOrWrongOnPurpose)
{
	for (const std::string ip : {"IPv4", "IPv6"})
		for (const std::string l4 : {"TCP", "UDP"}) {
			const Packet good = dissect(frame_of("Ethernet() / " + ip + "() / " + l4 + "() / \"data\""));
			const Packet bad =
			    dissect(frame_of("Ethernet() / " + ip + "() / " + l4 + "(checksum=bad) / \"data\""));
			EXPECT_TRUE(is_right(good, 2, "checksum")) << ip << l4;
			EXPECT_FALSE(is_right(bad, 2, "checksum")) << ip << l4;
		}
	EXPECT_FALSE(is_right(dissect(frame_of("Ethernet() / IPv4(checksum=bad) / UDP()")), 1, "checksum"));
	EXPECT_FALSE(is_right(dissect(frame_of("Ethernet() / IPv4(length=99) / UDP()")), 1, "length"));
}

TEST(PacketText, PrintsWhatIsNotAsItWouldBeAnyway)
{
	const std::pair<const char*, const char*> same[] = {
	    {"Ethernet() / IPv4() / TCP(flags=S)", nullptr},
	    {"Ethernet() / IPv4(checksum=ok, length=ok) / TCP(dport=80, flags=0x12)",
	     "Ethernet() / IPv4() / TCP(flags=SA)"},
	    {"Ethernet() / IPv4(more=true) / UDP(sport=7) / Fill(16)", nullptr},
	    {"Ethernet() / IPv4(fragment=2, proto=17) / \"tail\"", nullptr},
	    {"Ethernet() / IPv6() / Extension(type=0) / Fragment(more=true, id=9) / UDP() / \"x\"", nullptr},
	    {"Ethernet() / VLAN(tpid=34984) / VLAN(id=2) / ARP(op=2)", nullptr},
	    {"Ethernet() / IPv6() / ICMPv6(type=1) / Hex(0001)", nullptr},
	    {"Ethernet() / \"quote \\\" and \\\\\"", nullptr},
	    {"Ethernet() / IPv4(options=01010100) / TCP(options=020405b4)", nullptr},
	};
	for (const auto& [text, printed] : same)
		EXPECT_EQ(to_text(frame_of(text)), printed ? printed : text);
	// A field that cannot be named: the header is left as bytes.
	Bytes urgent = frame_of("Ethernet() / IPv4() / TCP()");
	urgent[14 + 20 + 19] = 1;
	EXPECT_NE(to_text(urgent).find("Hex("), std::string::npos);
}

// Every generated packet can be written down, read again and is the same.
TEST(PacketText, GeneratedPacketsReadBack)
{
	std::size_t count = 0;
	for (const auto& group :
	     upgrade::generate_packets({0}, {"12/0800, -", "allow tcp && dst port 8080", "10.9.8.7/24, fd00::1"}))
		for (const auto& packet : group) {
			EXPECT_EQ(frame_of(to_text(packet.frame)), packet.frame) << to_text(packet.frame);
			count++;
		}
	EXPECT_GT(count, 100u);
}

TEST(PacketText, GeneratedPacketsMeetTheArguments)
{
	std::string all;
	for (const auto& group : upgrade::generate_packets({0}, {"allow src 10.9.8.7 && dst port 8080", "fd00::1/64"}))
		for (const auto& packet : group)
			all += to_text(packet.frame) + "\n";
	EXPECT_NE(all.find("IPv4(src=10.9.8.7)"), std::string::npos);
	EXPECT_NE(all.find("TCP(dport=8080, flags=S)"), std::string::npos);
	EXPECT_NE(all.find("IPv6(dst=fd00::1)"), std::string::npos);
	EXPECT_EQ(upgrade::generate_packets({}, {"10.9.8.7"}).size(), 0u);
}

} // namespace
} // namespace nfup::packet
