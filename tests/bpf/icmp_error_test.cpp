// SPDX-License-Identifier: BSD-2-Clause
// ICMP errors through the NAT: ICMPErrorFlow, and IPRewrite's other half. The
// packet that an error quotes is translated as well (RFC 5508 §4).
#include "nat_fixture.h"

namespace nfup::test {
namespace {

const std::string host = "10.0.0.1", peer = "198.51.100.7", nat = "192.0.2.1", router = "203.0.113.9";

Packet ip(const std::string& src, const std::string& dst)
{
	return Ethernet{} / IPv4{.src = src, .dst = dst};
}

// The datagram of a frame, cut as quoting routers do.
Payload datagram(const Bytes& frame, std::size_t most = 1000)
{
	return Bytes(frame.begin() + 14, frame.begin() + 14 + static_cast<long>(std::min(most, frame.size() - 14)));
}

struct Kind {
	const char* name;
	Layer inside, outside; // as the host sends it, as the peer sees it
	std::size_t whole;     // bytes of the quote up to the checksum
};

class IcmpErrors : public NatTest {
protected:
	static std::vector<Kind> kinds(std::uint16_t host_port, std::uint16_t nat_port)
	{
		return {
		    {"TCP", TCP{.sport = host_port, .flags = SYN}, TCP{.sport = nat_port, .flags = SYN}, 40},
		    {"UDP", UDP{.sport = host_port}, UDP{.sport = nat_port}, 28},
		    {"UDP without checksum", UDP{.sport = host_port, .length = {}, .checksum = std::uint16_t{0}},
		     UDP{.sport = nat_port, .length = {}, .checksum = std::uint16_t{0}}, 28},
		    {"ICMP", ICMP{.id = host_port}, ICMP{.id = nat_port}, 28},
		};
	}
};

// The port changes on the way, so that all of the quote does: the first host's
// port is free, the second's not.
TEST_F(IcmpErrors, FromOutside)
{
	wire({.ports = {3000, 3000}});
	for (const Kind& kind : kinds(80, 3000)) {
		ASSERT_TRUE(became(out(ip(host, peer) / kind.inside), outwards, ip(nat, peer) / kind.outside))
		    << kind.name;
		const Bytes sent = ip(host, peer) / kind.inside, seen = ip(nat, peer) / kind.outside;
		for (std::size_t quote : {std::size_t{28}, std::size_t{1000}})
			for (const std::string& from : {router, peer})
				for (std::uint8_t type : std::vector<std::uint8_t>{3, 4, 11, 12}) {
					const ICMP error{.type = type, .code = 1, .id = 0, .seq = 0};
					auto outcome = in(ip(from, nat) / error / datagram(seen, quote));
					ASSERT_EQ(outcome.output, inwards) << kind.name;
					const Bytes want = ip(from, host) / error / datagram(sent, quote);
					// a quote that ends before TCP's checksum
					EXPECT_EQ(outcome.frame, want) << kind.name;
					if (quote >= kind.whole) {
						EXPECT_EQ(wrong_checksum(outcome.frame), "") << kind.name;
					}
				}
	}
}

TEST_F(IcmpErrors, FromInside)
{
	wire({.ports = {3000, 3000}});
	for (const Kind& kind : kinds(80, 3000))
		out(ip(host, peer) / kind.inside);
	const std::vector<std::pair<Layer, Layer>> answers{
	    {TCP{.sport = 80, .dport = 3000}, TCP{.sport = 80, .dport = 80}},
	    {UDP{.sport = 53, .dport = 3000}, UDP{.sport = 53, .dport = 80}},
	    {ICMP{.type = 0, .id = 3000}, ICMP{.type = 0, .id = 80}},
	};
	for (const auto& [outside, inside] : answers) {
		const Bytes sent = ip(peer, nat) / outside, got = ip(peer, host) / inside;
		ASSERT_TRUE(became(in(sent), inwards, got));
		// by the host, or by a router in front of it, which must not show
		for (const std::string& from : {host, std::string("10.0.0.254")}) {
			const ICMP error{.type = 3, .code = 3, .id = 0, .seq = 0};
			EXPECT_TRUE(became(out(ip(from, peer) / error / datagram(got)), outwards,
					   ip(nat, peer) / error / datagram(sent)));
		}
	}
}

// From one inside host to another, who only know each other's outside endpoints.
TEST_F(IcmpErrors, Hairpinned)
{
	const std::string other = "10.0.0.2";
	wire({.filter = by_none});
	out(ip(other, peer) / UDP{.sport = 7000});
	const Bytes sent = ip(host, nat) / UDP{.sport = 6000, .dport = 7000},
		    got = ip(nat, other) / UDP{.sport = 6000, .dport = 7000};
	ASSERT_TRUE(became(out(sent), inwards, got));
	EXPECT_TRUE(became(out(ip(other, nat) / ICMP{.type = 3, .code = 3} / datagram(got)), inwards,
			   ip(nat, host) / ICMP{.type = 3, .code = 3} / datagram(sent)));
}

TEST_F(IcmpErrors, QuotedOptionsArePassedOver)
{
	wire({.ports = {3000, 3000}});
	out(ip(host, peer) / UDP{.sport = 80});
	const Bytes options(40, 1); // no operation
	const Bytes seen = Ethernet{} / IPv4{.src = nat, .dst = peer, .options = options} / UDP{.sport = 3000},
		    sent = Ethernet{} / IPv4{.src = host, .dst = peer, .options = options} / UDP{.sport = 80};
	EXPECT_TRUE(became(in(ip(router, nat) / ICMP{.type = 11} / datagram(seen)), inwards,
			   ip(router, host) / ICMP{.type = 11} / datagram(sent)));
}

TEST_F(IcmpErrors, NoMappingNoWayIn)
{
	wire({.filter = by_none});
	const Bytes stray = ip(router, nat) / ICMP{.type = 3} / datagram(ip(nat, peer) / UDP{.sport = 3000}),
		    outward = ip(host, peer) / ICMP{.type = 3} / datagram(ip(peer, host) / UDP{.dport = 3000});
	EXPECT_TRUE(refused(in(stray), no_mapping, stray));
	EXPECT_TRUE(refused(out(outward), untranslatable, outward)) << "an error gets no mapping";
	EXPECT_EQ(entries("POOL", sizeof(endpoint)), 0u);
}

TEST_F(IcmpErrors, OnlyAboutPacketsThatWereSent)
{
	out(ip(host, peer) / UDP{.sport = 5000});
	const Bytes forged =
	    ip(router, nat) / ICMP{.type = 3} / datagram(ip(nat, "198.51.100.99") / UDP{.sport = 5000});
	EXPECT_TRUE(refused(in(forged), unsolicited, forged));
}

TEST_F(IcmpErrors, TheyNeitherRefreshNorEnd)
{
	out(ip(host, peer) / TCP{.flags = SYN});
	const endpoint outside = at_end(nat, 1000, tcp);
	in(ip(peer, nat) / TCP{.sport = 80, .dport = 1000, .flags = SYN | ACK});
	out(ip(host, peer) / TCP{});
	age(outside, 200 * second);
	const auto before = *lease(outside);
	EXPECT_EQ(in(ip(router, nat) / ICMP{.type = 3, .code = 1} / datagram(ip(nat, peer) / TCP{})).output, inwards);
	EXPECT_EQ(out(ip(host, peer) / ICMP{.type = 3, .code = 1} /
		      datagram(ip(peer, host) / TCP{.sport = 80, .dport = 1000}))
		      .output,
		  outwards);
	EXPECT_EQ(lease(outside)->last_seen, before.last_seen);
	EXPECT_EQ(lease(outside)->open, 1u);
	EXPECT_TRUE(session(outside, peer, 80));
}

TEST_F(IcmpErrors, BadOnesAreDropped)
{
	auto node = load("ICMPErrorFlow");
	const Bytes quoted = ip(nat, peer) / UDP{.sport = 3000},
		    good = ip(router, nat) / ICMP{.type = 3} / datagram(quoted);
	pkt p{};
	p.l3 = 14;
	p.l4 = 34;
	p.l3_len = static_cast<__u16>(good.size() - 14);
	p.ethertype = htons(0x0800);
	p.ip_proto = icmp;
	p.flow = flow(router, 0, nat, 0, icmp);

	auto outcome = run(node, good, p);
	EXPECT_TRUE(left(outcome, 0, good));
	EXPECT_EQ(outcome.context.flow, flow(peer, 53, nat, 3000, udp));
	EXPECT_EQ(outcome.context.flags, PKT_ICMP_ERROR | PKT_HAS_PORTS);

	Bytes bad = good;
	bad[37] ^= 1;
	EXPECT_TRUE(dropped(run(node, bad, p), "bad-l4-checksum"));
	const Bytes bad_quote =
	    ip(router, nat) / ICMP{.type = 3} / datagram(Ethernet{} / IPv4{.checksum = std::uint16_t{1}} / UDP{});
	EXPECT_TRUE(dropped(run(node, bad_quote, p), "bad-ip-checksum"));
	const Bytes later = ip(router, nat) / ICMP{.type = 3} / datagram(Ethernet{} / IPv4{.fragment = 3} / UDP{});
	EXPECT_TRUE(dropped(run(node, later, p), "untranslatable"));
	for (auto [version, ihl] : {std::pair{6, 5}, {4, 4}}) {
		const Bytes odd = ip(router, nat) / ICMP{.type = 3} /
				  datagram(Ethernet{} /
					   IPv4{.version = static_cast<std::uint8_t>(version),
						.ihl = static_cast<std::uint8_t>(ihl)} /
					   UDP{});
		EXPECT_TRUE(dropped(run(node, odd, p), "bad-ip-length"));
	}
	for (std::size_t size = 35; size < good.size(); size++) {
		Bytes prefix(good.begin(), good.begin() + static_cast<long>(size));
		EXPECT_TRUE(dropped(run(node, prefix, p), "truncated")) << size;
		pkt shorter = p;
		shorter.l3_len = static_cast<__u16>(size - 14);
		EXPECT_TRUE(dropped(run(node, good, shorter), "truncated")) << size;
	}
}

TEST_F(IcmpErrors, AllElsePasses)
{
	auto node = load("ICMPErrorFlow");
	pkt p{};
	p.l3 = 14;
	p.l4 = 34;
	p.l3_len = 28;
	p.ethertype = htons(0x0800);
	p.ip_proto = icmp;
	p.flow = flow(host, 7, peer, 7, icmp);
	for (unsigned type = 0; type < 256; type++) {
		if (type == 3 || type == 4 || type == 11 || type == 12)
			continue;
		const Bytes frame = ip(host, peer) / ICMP{.type = static_cast<std::uint8_t>(type)};
		auto outcome = run(node, frame, p);
		EXPECT_TRUE(left(outcome, 0, frame)) << type;
		EXPECT_EQ(outcome.context.flow, p.flow) << type;
		EXPECT_EQ(outcome.context.flags, 0) << type;
	}
	p.ip_proto = udp;
	const Bytes frame = ip(host, peer) / UDP{.sport = 0x0300};
	EXPECT_TRUE(left(run(node, frame, p), 0, frame));
}

} // namespace
} // namespace nfup::test
