// SPDX-License-Identifier: BSD-2-Clause
// Fragments through the NAT: the first one is translated as a whole packet would be,
// the later ones get the same addresses (RFC 4787 REQ-14).
#include "bpf/atoms/frag_entry.h"
#include "nat_fixture.h"

namespace nfup::test {
namespace {

const std::string host = "10.0.0.1", peer = "198.51.100.7", nat = "192.0.2.1";

struct Ends {
	std::string src, dst;
};
const Ends as_sent{host, peer}, as_seen{nat, peer}, answer{peer, nat}, answered{peer, host};

// The parts of one datagram: 40 units of 8 bytes in each but the last, which has 100 bytes.
Packet ip(const std::string& src)
{
	return Ethernet{} / IPv4{.src = src, .dst = peer};
}

class NatFragments : public NatTest {
protected:
	static constexpr std::uint16_t units = 40;
	static constexpr unsigned parts = 4;

	static IPv4 header(const Ends& ends, unsigned part, std::uint16_t id)
	{
		return {.src = ends.src,
			.dst = ends.dst,
			.fragment = static_cast<std::uint16_t>(part * units),
			.more = part + 1 < parts,
			.proto = std::uint8_t{udp},
			.id = id};
	}
	// The checksum covers the whole datagram.
	static Bytes datagram(const Ends& ends, std::uint16_t sport, std::uint16_t dport)
	{
		const Bytes whole = Ethernet{} / IPv4{.src = ends.src, .dst = ends.dst} /
				    UDP{.sport = sport, .dport = dport} /
				    Payload::of((parts - 1) * units * 8 + 100 - 8);
		return {whole.begin() + 34, whole.end()};
	}
	static Bytes fragment(const Ends& ends, const Bytes& whole, unsigned part, std::uint16_t id = 7)
	{
		const long from = static_cast<long>(part) * units * 8;
		const bool last = part + 1 == parts;
		return Ethernet{} / header(ends, part, id) /
		       Payload(Bytes(whole.begin() + from, last ? whole.end() : whole.begin() + from + units * 8));
	}
	// A port of the host's that is not the one it gets outside.
	void SetUp() override
	{
		NatTest::SetUp();
		if (!IsSkipped() && !HasFatalFailure())
			wire({.ports = {3000, 3000}});
	}

	const Bytes sent_ = datagram(as_sent, 80, 53), seen_ = datagram(as_seen, 3000, 53);
	const Bytes answer_ = datagram(answer, 53, 3000), answered_ = datagram(answered, 53, 80);
};

TEST_F(NatFragments, GoOutAndComeBack)
{
	for (unsigned part = 0; part < parts; part++)
		EXPECT_TRUE(became(out(fragment(as_sent, sent_, part)), outwards, fragment(as_seen, seen_, part)))
		    << part;
	for (unsigned part = 0; part < parts; part++)
		EXPECT_TRUE(became(in(fragment(answer, answer_, part)), inwards, fragment(answered, answered_, part)))
		    << part;
	EXPECT_EQ(entries("POOL", sizeof(endpoint)), 1u);
	// the next datagram may have the same identifier
	EXPECT_TRUE(became(out(fragment(as_sent, sent_, 0)), outwards, fragment(as_seen, seen_, 0)));
}

TEST_F(NatFragments, AnyOrderBehindTheFirst)
{
	for (unsigned part : {0u, 3u, 1u, 2u})
		EXPECT_TRUE(became(out(fragment(as_sent, sent_, part)), outwards, fragment(as_seen, seen_, part)))
		    << part;
	for (unsigned part : {0u, 2u, 3u, 1u})
		EXPECT_TRUE(became(in(fragment(answer, answer_, part)), inwards, fragment(answered, answered_, part)))
		    << part;
}

TEST_F(NatFragments, NoneBeforeTheFirst)
{
	const Bytes early = fragment(as_sent, sent_, 1), other = fragment(as_sent, sent_, 1, 8);
	EXPECT_TRUE(refused(out(early), no_fragment, early));
	EXPECT_EQ(out(fragment(as_sent, sent_, 0)).output, outwards);
	EXPECT_TRUE(refused(out(other), no_fragment, other)) << "another datagram";
	EXPECT_EQ(out(early).output, outwards) << "sent again";
	EXPECT_TRUE(refused(out(early), no_fragment, early)) << "these bytes have passed";
}

TEST_F(NatFragments, OfSeveralHostsWithOneIdentifier)
{
	wire({.ports = {3000, 4000}});
	const Ends other{"10.0.0.2", peer};
	const Bytes of_other = datagram(other, 80, 53);
	EXPECT_EQ(out(fragment(as_sent, sent_, 0)).output, outwards);
	const Bytes early = fragment(other, of_other, 1);
	EXPECT_TRUE(refused(out(early), no_fragment, early));
	EXPECT_EQ(out(fragment(other, of_other, 0)).output, outwards);
	EXPECT_EQ(out(early).output, outwards);
	EXPECT_EQ(out(fragment(as_sent, sent_, 1)).output, outwards);
}

// Answers to two hosts differ in nothing but the port, which only the first fragment has.
TEST_F(NatFragments, TheLaterOnesGoWhereTheFirstWent)
{
	wire({.ports = {3000, 3001}});
	const Ends to_other{peer, "10.0.0.2"};
	out(ip(host) / UDP{.sport = 80});
	out(ip("10.0.0.2") / UDP{.sport = 81});
	const Bytes first = datagram(answer, 53, 3000), second = datagram(answer, 53, 3001);
	EXPECT_EQ(lease(at_end(nat, 3001, udp))->inside.addr, inet_addr("10.0.0.2"));
	EXPECT_TRUE(
	    became(in(fragment(answer, first, 0, 1)), inwards, fragment(answered, datagram(answered, 53, 80), 0, 1)));
	EXPECT_TRUE(
	    became(in(fragment(answer, second, 0, 2)), inwards, fragment(to_other, datagram(to_other, 53, 81), 0, 2)));
	for (unsigned part = 1; part < parts; part++) {
		EXPECT_TRUE(became(in(fragment(answer, first, part, 1)), inwards, fragment(answered, first, part, 1)));
		EXPECT_TRUE(
		    became(in(fragment(answer, second, part, 2)), inwards, fragment(to_other, second, part, 2)));
	}
}

TEST_F(NatFragments, WhoMayNotEnterGetsNoFragmentIn)
{
	for (unsigned part = 0; part < parts; part++) {
		const Bytes frame = fragment(answer, answer_, part);
		EXPECT_TRUE(refused(in(frame), part ? no_fragment : unsolicited, frame));
	}
	EXPECT_EQ(entries("FRAG", sizeof(frag_key)), 0u);
}

TEST_F(NatFragments, QueriesOfICMP)
{
	const Bytes query = Ethernet{} / IPv4{} / ICMP{.id = 80} / Payload::of(parts * units * 8);
	const Bytes want = Ethernet{} / IPv4{} / ICMP{.id = 3000} / Payload::of(parts * units * 8);
	auto part = [](const Ends& ends, const Bytes& of, std::uint16_t n) {
		const long from = 34 + n * units * 8;
		return Ethernet{} /
		       IPv4{.src = ends.src,
			    .dst = ends.dst,
			    .fragment = static_cast<std::uint16_t>(n * units),
			    .more = n < 2,
			    .proto = std::uint8_t{icmp}} /
		       Payload(Bytes(of.begin() + from, of.begin() + from + units * 8));
	};
	for (std::uint16_t n = 0; n < 3; n++)
		EXPECT_TRUE(became(out(part(as_sent, query, n)), outwards, part(as_seen, want, n))) << n;
}

TEST_F(NatFragments, Hairpinned)
{
	const std::string other = "10.0.0.2";
	wire({.ports = {3000, 4000}, .filter = by_none});
	out(ip(other) / UDP{.sport = 3500});
	const Ends before{host, nat}, after{nat, other};
	const Bytes sent = datagram(before, 3100, 3500), want = datagram(after, 3100, 3500);
	for (unsigned part = 0; part < parts; part++)
		EXPECT_TRUE(became(out(fragment(before, sent, part)), inwards, fragment(after, want, part))) << part;
}

// Too short for what is translated: the filter evasion of RFC 3128, and TCP's checksum.
TEST_F(NatFragments, FirstOnesThatAreTooShort)
{
	auto first = [](unsigned proto, std::size_t size) {
		Bytes whole = proto == tcp ? Ethernet{} / IPv4{} / TCP{} / Payload::of(40)
					   : Ethernet{} / IPv4{} / UDP{} / Payload::of(40);
		return Bytes(Ethernet{} /
			     IPv4{.src = host,
				  .dst = peer,
				  .more = true,
				  .proto = static_cast<std::uint8_t>(proto),
				  .id = static_cast<std::uint16_t>(size)} /
			     Payload(Bytes(whole.begin() + 34, whole.begin() + 34 + static_cast<long>(size))));
	};
	EXPECT_TRUE(dropped(out(first(tcp, 8)), "bad-fragment"));
	EXPECT_EQ(out(first(tcp, 16)).verdict, XDP_DROP);
	EXPECT_EQ(dropped_by("IPRewrite")["truncated"], 1u);
	EXPECT_EQ(out(first(tcp, 24)).output, outwards);
	EXPECT_EQ(out(first(udp, 8)).output, outwards);
}

} // namespace
} // namespace nfup::test
