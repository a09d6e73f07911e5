// SPDX-License-Identifier: BSD-2-Clause
// How the NAT's tables make room, and who gives way when they cannot.
#include "nat_fixture.h"

#include "statemaps/queue.h"

namespace nfup::test {
namespace {

const std::string host = "10.0.0.1", nat = "192.0.2.1";
constexpr unsigned room = 64;

Packet ip(const std::string& src, const std::string& dst)
{
	return Ethernet{} / IPv4{.src = src, .dst = dst};
}

std::string peer(unsigned n)
{
	return "198.51." + std::to_string(100 + n / 250) + "." + std::to_string(1 + n % 250);
}

std::string other_host(unsigned n)
{
	return "10.1." + std::to_string(n / 250) + "." + std::to_string(1 + n % 250);
}

class NatAgeing : public NatTest {
protected:
	void SetUp() override
	{
		for (const char* name : {"POOL", "SESSION"}) {
			capacity(name, room);
			capacity(statemaps::queue_of(name), 2 * room);
		}
		NatTest::SetUp();
		if (!IsSkipped() && !HasFatalFailure())
			wire({.filter = by_port});
	}
	Outcome asks(const std::string& from, unsigned n) { return out(ip(from, peer(n)) / UDP{.sport = 5000}); }
	bool answered(unsigned n) { return in(ip(peer(n), nat) / UDP{.sport = 53, .dport = 5000}).output == inwards; }
	std::size_t sessions() { return entries("SESSION", sizeof(session_key)); }

	const endpoint outside = at_end(nat, 5000, udp);
};

TEST_F(NatAgeing, ExpiredSessionsMakeRoom)
{
	for (unsigned n = 0; n < room; n++) {
		ASSERT_EQ(asks(host, n).output, outwards);
		ASSERT_TRUE(answered(n));
	}
	EXPECT_EQ(sessions(), room);
	age(outside, 301 * second);
	for (unsigned n = room; n < 2 * room; n++) {
		ASSERT_EQ(asks(host, n).output, outwards) << n;
		EXPECT_TRUE(answered(n)) << n;
	}
	EXPECT_LE(sessions(), room);
	EXPECT_EQ(counted("WriteSession", NFUP_EVENT_EVICTED), 0u);
	EXPECT_GE(counted("WriteSession", NFUP_EVENT_EXPIRED), room);
	EXPECT_FALSE(session(outside, peer(0), 53));
}

TEST_F(NatAgeing, AFloodPushesOutOnlyWhatNobodyAnswered)
{
	for (unsigned n = 0; n < 16; n++) {
		ASSERT_EQ(asks(host, n).output, outwards);
		ASSERT_TRUE(answered(n));
	}
	for (unsigned n = 100; n < 100 + 10 * room; n++)
		ASSERT_EQ(asks(host, n).output, outwards) << n;
	EXPECT_EQ(sessions(), room);
	EXPECT_EQ(counted("WriteSession", NFUP_EVENT_EVICTED), 10 * room - (room - 16));
	for (unsigned n = 0; n < 16; n++)
		EXPECT_TRUE(answered(n)) << n;
	EXPECT_FALSE(answered(100)) << "its session has gone";
	asks(host, 5000);
	EXPECT_TRUE(answered(5000)) << "a new one gets through meanwhile";
}

// With the address filter a peer has a second session, for all of its ports.
TEST_F(NatAgeing, ThePeersAddressIsAnsweredToo)
{
	wire({.filter = by_address});
	for (unsigned n = 0; n < 8; n++) {
		ASSERT_EQ(asks(host, n).output, outwards);
		ASSERT_TRUE(answered(n));
	}
	for (unsigned n = 100; n < 100 + 5 * room; n++)
		ASSERT_EQ(asks(host, n).output, outwards) << n;
	for (unsigned n = 0; n < 8; n++)
		EXPECT_EQ(in(ip(peer(n), nat) / UDP{.sport = 54, .dport = 5000}).output, inwards) << n;
}

TEST_F(NatAgeing, AFullTableOfAnsweredSessionsRefuses)
{
	for (unsigned n = 0; n < room; n++) {
		ASSERT_EQ(asks(host, n).output, outwards);
		ASSERT_TRUE(answered(n));
	}
	const auto outcome = asks(host, room);
	EXPECT_EQ(outcome.verdict, XDP_DROP);
	EXPECT_EQ(dropped_by("WriteSession"), (std::map<std::string, std::uint64_t>{{"table-full", 1}}));
	for (unsigned n = 0; n < room; n++)
		EXPECT_TRUE(answered(n)) << n;
}

TEST_F(NatAgeing, AResetIsNoAnswer)
{
	out(ip(host, peer(0)) / TCP{.flags = SYN});
	const endpoint tcp_end = at_end(nat, 1000, tcp);
	EXPECT_EQ(in(ip(peer(0), nat) / TCP{.sport = 80, .dport = 1000, .flags = RST | ACK}).output, inwards);
	EXPECT_EQ(session(tcp_end, peer(0), 80)->tcp & SESSION_ANSWERED, 0u);
}

TEST_F(NatAgeing, ASweptSessionCountsAsOpenNoMore)
{
	const endpoint tcp_end = at_end(nat, 1000, tcp);
	out(ip(host, peer(0)) / TCP{.flags = SYN});
	in(ip(peer(0), nat) / TCP{.sport = 80, .dport = 1000, .flags = SYN | ACK});
	out(ip(host, peer(0)) / TCP{});
	ASSERT_EQ(lease(tcp_end)->open, 1u);
	age(tcp_end, 7441 * second);
	auto l = *lease(tcp_end); // kept alive by another connection
	l.last_seen = now();
	set(tcp_end, l);
	for (unsigned n = 0; n < 8; n++)
		ASSERT_EQ(asks(host, n).output, outwards);
	EXPECT_FALSE(session(tcp_end, peer(0), 80));
	EXPECT_EQ(lease(tcp_end)->open, 0u);
}

TEST_F(NatAgeing, ExpiredLeasesGivePortsAndMappingsBack)
{
	auto flow_from = [&](unsigned n) {
		return out(ip(other_host(n), peer(n)) / UDP{.sport = static_cast<std::uint16_t>(2000 + n)});
	};
	auto lease_of = [](unsigned n) {
		return at_end(nat, 2000 + n, udp);
	};
	for (unsigned n = 0; n < room; n++)
		ASSERT_EQ(flow_from(n).output, outwards);
	EXPECT_EQ(entries("POOL", sizeof(endpoint)), room);
	EXPECT_EQ(flow_from(room).verdict, XDP_DROP) << "all of them live";
	EXPECT_EQ(dropped_by("WritePool"), (std::map<std::string, std::uint64_t>{{"table-full", 1}}));
	for (unsigned n = 0; n < room; n++)
		age(lease_of(n), 301 * second);
	for (unsigned n = room; n < 2 * room; n++)
		ASSERT_EQ(flow_from(n).output, outwards) << n;
	EXPECT_EQ(counted("WritePool", NFUP_EVENT_EXPIRED), room);
	for (unsigned n = 0; n < room; n++) {
		EXPECT_FALSE(lease(lease_of(n))) << n;
		EXPECT_FALSE(mapping(at_end(other_host(n), 2000 + n, udp))) << n;
	}
	EXPECT_EQ(entries("NAT", sizeof(endpoint)), room);
	EXPECT_EQ(entries("POOL", sizeof(endpoint)), room);
}

TEST_F(NatAgeing, AStaticForwardStays)
{
	const endpoint server = at_end(host, 80, tcp), forward = at_end(nat, 8080, tcp);
	set(forward, {.inside = server, .last_seen = 0, .idle = 0, .idle_open = 0, .open = 0, .checked = 0});
	set(server, nat_entry{.outside = forward, .checked = 0, .zero = 0});
	ASSERT_TRUE(statemaps::push_key(state("POOL_QUEUE"), reinterpret_cast<const std::uint8_t*>(&forward)));
	for (unsigned n = 0; n < 4 * room; n++)
		out(ip(other_host(n), peer(n)) / UDP{.sport = static_cast<std::uint16_t>(2000 + n)});
	EXPECT_TRUE(lease(forward));
	const auto before = sessions();
	for (unsigned n = 0; n < 4 * room; n++)
		EXPECT_EQ(out(ip(host, peer(n)) / TCP{.sport = 80, .dport = 5, .flags = SYN | ACK}).output, outwards);
	EXPECT_EQ(sessions(), before) << "which would never end";
	EXPECT_EQ(in(ip(peer(0), nat) / TCP{.sport = 5, .dport = 8080, .flags = SYN}).output, inwards);
}

} // namespace
} // namespace nfup::test
