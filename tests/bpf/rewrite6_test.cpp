// SPDX-License-Identifier: BSD-2-Clause
// IPRewrite for IPv6: what comes out is what its new ends would have sent, checksums included.
#include "flow.h"
#include "harness.h"

namespace nfup::test {
namespace {

const std::string client = "2001:db8:1::7", vip = "2001:db8:2::100", server = "2001:db8:3::7", router = "2001:db8:9::1";
constexpr unsigned tcp = 6, udp = 17, icmp6 = 58;

class Rewrite6 : public NodeTest {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (!IsSkipped() && !HasFatalFailure())
			node_ = load("IPRewrite");
	}
	Bytes rewritten(const Bytes& frame, const flow_key& flow, unsigned flags, unsigned proto)
	{
		pkt p{};
		p.cursor = p.l3 = 14;
		p.l4 = 54;
		p.l3_len = static_cast<__u16>(frame.size() - 14);
		p.ethertype = htons(0x86dd);
		p.ip_proto = static_cast<__u8>(proto);
		p.flags = static_cast<__u8>(flags);
		p.flow = flow;
		const Outcome outcome = run(node_, frame, p);
		EXPECT_EQ(outcome.output, 0) << outcome;
		return outcome.frame;
	}

	Object node_;
};

Packet ip(const std::string& src, const std::string& dst)
{
	return Ethernet{} / IPv6{.src = src, .dst = dst};
}

TEST_F(Rewrite6, TcpAndUdp)
{
	const TCP syn{.sport = 1000, .dport = 80, .flags = SYN}, there{.sport = 1000, .dport = 8080, .flags = SYN};
	EXPECT_EQ(rewritten(ip(client, vip) / syn / Payload("hello"), flow(client, 1000, server, 8080, tcp),
			    PKT_HAS_PORTS, tcp),
		  Bytes(ip(client, server) / there / Payload("hello")));
	const UDP answer{.sport = 53, .dport = 1000}, there_udp{.sport = 5353, .dport = 1000};
	EXPECT_EQ(rewritten(ip(server, client) / there_udp / Payload("answer"), flow(vip, 53, client, 1000, udp),
			    PKT_HAS_PORTS, udp),
		  Bytes(ip(vip, client) / answer / Payload("answer")));
}

TEST_F(Rewrite6, ALaterFragmentHasAddressesAlone)
{
	const Packet before =
			 Ethernet{} / IPv6{.src = client, .dst = vip} / Fragment6{.fragment = 100} / Payload("rest"),
		     after =
			 Ethernet{} / IPv6{.src = client, .dst = server} / Fragment6{.fragment = 100} / Payload("rest");
	EXPECT_EQ(rewritten(before, flow(client, 0, server, 0, udp), PKT_FRAGMENT | PKT_LATER_FRAGMENT, udp),
		  Bytes(after));
}

TEST_F(Rewrite6, Icmp)
{
	EXPECT_EQ(rewritten(ip(client, vip) / ICMP6{} / Payload("hello"), flow(client, 7, server, 7, icmp6), PKT_HAS_ID,
			    icmp6),
		  Bytes(ip(client, server) / ICMP6{} / Payload("hello")));
	// without an identifier: addresses and checksum
	EXPECT_EQ(rewritten(ip(client, vip) / ICMP6{.type = 200} / Payload("hello"), flow(client, 0, server, 0, icmp6),
			    0, icmp6),
		  Bytes(ip(client, server) / ICMP6{.type = 200} / Payload("hello")));
}

// "Too big" of a router, about what the service has sent: to the server that did.
TEST_F(Rewrite6, AnErrorAboutWhatTheServerHasSent)
{
	const unsigned flags = PKT_HAS_PORTS | PKT_ICMP_ERROR;
	const ICMP6 too_big{.type = 2, .id = 0, .seq = 1400};
	const TCP sent{.sport = 80, .dport = 1000}, really{.sport = 8080, .dport = 1000};
	EXPECT_EQ(rewritten(ip(router, vip) / too_big / IPv6{.src = vip, .dst = client} / sent / Payload("x"),
			    flow(client, 1000, server, 8080, tcp), flags, icmp6),
		  Bytes(ip(router, server) / too_big / IPv6{.src = server, .dst = client} / really / Payload("x")));
	const UDP sent_udp{.sport = 80, .dport = 1000}, really_udp{.sport = 8080, .dport = 1000};
	EXPECT_EQ(rewritten(ip(router, vip) / too_big / IPv6{.src = vip, .dst = client} / sent_udp / Payload("x"),
			    flow(client, 1000, server, 8080, udp), flags, icmp6),
		  Bytes(ip(router, server) / too_big / IPv6{.src = server, .dst = client} / really_udp / Payload("x")));
	const ICMP6 reply{.type = 129};
	EXPECT_EQ(rewritten(ip(router, vip) / too_big / IPv6{.src = vip, .dst = client} / reply / Payload("x"),
			    flow(client, 7, server, 7, icmp6), PKT_HAS_ID | PKT_ICMP_ERROR, icmp6),
		  Bytes(ip(router, server) / too_big / IPv6{.src = server, .dst = client} / reply / Payload("x")));
}

// The server's port is closed: it says so to the client, who has only heard of the service.
TEST_F(Rewrite6, AnErrorOfTheServer)
{
	const ICMP6 closed{.type = 1, .code = 4, .id = 0, .seq = 0};
	const UDP asked{.sport = 1000, .dport = 53}, really{.sport = 1000, .dport = 5353};
	EXPECT_EQ(rewritten(ip(server, client) / closed / IPv6{.src = client, .dst = server} / really / Payload("x"),
			    flow(vip, 53, client, 1000, udp), PKT_HAS_PORTS | PKT_ICMP_ERROR, icmp6),
		  Bytes(ip(vip, client) / closed / IPv6{.src = client, .dst = vip} / asked / Payload("x")));
}

TEST_F(Rewrite6, CutShortAnywhere)
{
	const Bytes frame = ip(client, vip) / TCP{} / Payload("x");
	pkt p{};
	p.l3 = 14;
	p.l4 = 54;
	p.ethertype = htons(0x86dd);
	p.ip_proto = tcp;
	p.flow = flow(client, 1000, server, 8080, tcp);
	for (std::size_t size = 14; size < 54 + 18; size++) {
		p.l3_len = static_cast<__u16>(size - 14);
		EXPECT_TRUE(
		    dropped(run(node_, Bytes(frame.begin(), frame.begin() + static_cast<long>(size)), p), "truncated"))
		    << size;
	}
}

} // namespace
} // namespace nfup::test
