// SPDX-License-Identifier: BSD-2-Clause
// Each class with ordinary arguments: for tests that go over all of them.
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

#include "filters.h"
#include "kernel.h"
#include "lists.h"
#include "patterns.h"

namespace nfup::test {

using PortRange = std::array<std::uint16_t, 2>; // first and last, as the type "portrange"

// As the type "prefix4".
inline std::array<std::uint32_t, 2> pool_addresses(const std::string& address, unsigned length)
{
	return {inet_addr(address.c_str()), htonl(static_cast<std::uint32_t>(~0ull << (32 - length)))};
}

inline std::array<std::uint8_t, 16> address6(const std::string& text)
{
	std::array<std::uint8_t, 16> out{};
	inet_pton(AF_INET6, text.c_str(), out.data());
	return out;
}

// As the type "prefix".
inline Bytes prefix6(const std::string& text, std::uint8_t length)
{
	const auto address = address6(text);
	Bytes out(20);
	std::copy(address.begin(), address.end(), out.begin());
	out[16] = length;
	return out;
}

// The arguments that cost the most code, so that every branch is there.
inline Params sample_params(const std::string& cls)
{
	Params p;
	if (cls == "Strip")
		p.set("LENGTH", 14u);
	if (cls == "Unstrip")
		p.set("LENGTH", 14u);
	if (cls == "Paint")
		p.set("COLOR", std::uint8_t{3});
	if (cls == "RandomSample")
		p.set("P", std::uint64_t{1} << 31);
	if (cls == "Print")
		p.set("MAXLENGTH", 128u);
	if (cls == "ClampTCPMSS")
		p.set("MTU", 1500u);
	if (cls == "RatedSplitter" || cls == "BandwidthRatedSplitter" || cls == "FlowRatedSplitter")
		p.set("RATE", std::uint64_t{1'000'000'000'000}).set("BURST_DURATION", std::uint64_t{20'000'000});
	if (cls == "FlowRatedSplitter")
		p.set("PREFIX4", 24u).set("PREFIX6", 64u).set("UNIT", 1u).set("KEY", 2u).set("FULL", 1u);
	if (cls == "EtherEncap")
		p.set("ETHERTYPE", std::uint16_t{0x0800})
		    .set("SRC", Mac{2, 0, 0, 0, 1, 1})
		    .set("DST", Mac{2, 0, 0, 0, 1, 2});
	if (cls == "IPIPEncap" || cls == "GREEncap")
		p.set("SRC", std::array<std::uint8_t, 16>{0x20, 1, 0xd, 0xb8})
		    .set("TTL", std::uint8_t{64})
		    .set("DSCP", std::uint8_t{64})
		    .set("MTU", 1500u);
	if (cls == "ReadAS" || cls == "WriteAS" || cls == "ReadReturn" || cls == "WriteReturn")
		p.set("TCP", std::uint64_t{7440'000'000'000})
		    .set("CLOSING", std::uint64_t{240'000'000'000})
		    .set("OTHER", std::uint64_t{300'000'000'000});
	if (cls == "GREEncap" || cls == "GREDecap")
		p.set("KEY", std::uint64_t{5});
	if (cls == "HostEtherFilter")
		p.set("ETHER", Mac{2, 0, 0, 0, 1, 1}).set("DROP_OWN", std::uint8_t{1});
	if (cls == "VLANEncap")
		p.set("VLAN_ID", std::uint16_t{7}).set("ETHERTYPE", std::uint16_t{0x8100});
	if (cls == "SetIPDSCP")
		p.set("DSCP", std::uint8_t{46});
	if (cls == "EtherRewrite")
		p.set("SRC", Mac{2, 0, 0, 0, 1, 1}).set("DST", Mac{2, 0, 0, 0, 1, 2});
	if (cls == "FromDevice" || cls == "ToDevice")
		p.set("DEVICE", 1u);
	if (cls == "CheckIPHeader" || cls == "CheckTCPHeader" || cls == "CheckUDPHeader" || cls == "CheckICMPHeader")
		p.set("CHECKSUM", std::uint8_t{1});
	if (cls == "ReadWL" || cls == "WriteWL")
		p.set("TIMEOUT", std::uint64_t{7440'000'000'000}).set("CLOSING", std::uint64_t{240'000'000'000});
	if (cls == "ReadFSM" || cls == "WriteFSM")
		p.set("TIMEOUT", std::uint64_t{240'000'000'000});
	if (cls == "WriteWL" || cls == "WriteFSM")
		p.set("FULL", 1u);
	if (cls == "ReadClient" || cls == "WriteClient")
		p.set("TIMEOUT", std::uint64_t{3600'000'000'000});
	if (cls == "WriteClient")
		p.set("FULL", 1u);
	if (cls == "ReadConn")
		p.set("TCP", std::uint64_t{432'000'000'000'000}).set("UDP", std::uint64_t{120'000'000'000});
	if (cls == "WriteConn")
		p.set("UDP", std::uint64_t{30'000'000'000})
		    .set("ICMP", std::uint64_t{30'000'000'000})
		    .set("OTHER", std::uint64_t{600'000'000'000})
		    .set("FULL", 1u);
	if (cls == "ReadConn" || cls == "WriteConn" || cls == "ReadFrag" || cls == "WriteFrag")
		p.set("ZONE", 1u); // by VLAN
	if (cls == "ReadFrag" || cls == "WriteFrag")
		p.set("TIMEOUT", std::uint64_t{30'000'000'000});
	if (cls == "WriteFrag")
		p.set("FULL", 1u);
	if (cls == "ReadPool")
		p.set("ADDRESSES", pool_addresses("192.0.2.0", 28)).set("PORTS", PortRange{1024, 65535});
	if (cls == "WritePool")
		p.set("UDP", std::uint64_t{300'000'000'000})
		    .set("TCP", std::uint64_t{7440'000'000'000})
		    .set("TRANSITORY", std::uint64_t{240'000'000'000})
		    .set("ICMP", std::uint64_t{60'000'000'000});
	if (cls == "ReadSession" || cls == "WriteSession")
		p.set("FILTER", 1u);
	if (cls == "ARPResponder")
		p.set("ADDRESSES", pool_addresses("192.0.2.0", 28)).set("MAC", Mac{2, 0, 0, 0, 1, 1});
	if (cls == "Classifier") {
		std::vector<Pattern> patterns;
		for (std::uint8_t i = 0; i < CLASSIFIER_MAX_PATTERNS; i++)
			patterns.push_back(
			    {{14, {i, 1, 2, 3}}, {18, {1, 2, 3}}, {22, {9, 9}, {}, CLASSIFIER_NEGATE}, {24, {5}}});
		p.set("PATTERNS", compile(patterns));
	}
	if (cls == "LookupIPRoute")
		p = routes({"0/0 192.0.2.1 31", "::/0 fe80::1 1", "10.0.0.0/8 0"});
	if (cls == "StaticNeighbours")
		p = neighbours(Mac{2, 0, 0, 0, 1, 1}, {"10.0.0.2 02:00:00:00:01:02", "2001:db8::2 02:00:00:00:01:06"});
	if (cls == "LookupFIB")
		p = devices({0, 1, 2, 3});
	if (cls == "ICMPError") // time exceeded
		p.set("SRC", inet_addr("192.0.2.1")).set("TYPE", std::uint8_t{11});
	if (cls == "ICMP6Error")
		p.set("SRC", address6("2001:db8::ffff")).set("TYPE", std::uint8_t{3});
	if (cls == "FixIPSrc")
		p.set("IPADDR", address6("2001:db8:1::1"));
	if (cls == "IPGWOptions")
		p.set("MYADDR", inet_addr("192.0.2.1"));
	if (cls == "AskNeighbour")
		p.set("IPADDR", address6("2001:db8::1")).set("MAC", Mac{2, 0, 0, 0, 1, 1});
	if (cls == "ReadNeighbour")
		p.set("SRC", Mac{2, 0, 0, 0, 1, 1}).set("TIMEOUT", std::uint64_t{14'400'000'000'000});
	if (cls == "WriteNeighbour")
		p.set("ADDRESSES", prefix6("2001:db8::", 64))
		    .set("TIMEOUT", std::uint64_t{14'400'000'000'000})
		    .set("FULL", 1u);
	if (cls == "CheckMTU")
		p.set("MTU", 1500u);
	if (cls == "NDPResponder")
		p.set("ADDRESSES", prefix6("2001:db8::", 64)).set("MAC", Mac{2, 0, 0, 0, 1, 1});
	if (cls == "IPFilter")
		p = filter_rules(sample_rules(true));
	if (cls == "IPClassifier")
		p = classifier_expressions(sample_rules(false));
	return p;
}

} // namespace nfup::test
