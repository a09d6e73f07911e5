// SPDX-License-Identifier: BSD-2-Clause
// What the NAT tells the hosts inside by ICMP errors of its own: RFC 4787 REQ-13 and
// RFC 5508 REQ-8. They quote the packet as the host sent it.
#include "nat_fixture.h"
#include "statemaps/queue.h"

namespace nfup::test {
namespace {

const std::string host = "10.0.0.1", peer = "198.51.100.7", nat = "192.0.2.1";

class NatErrors : public NatTest {
protected:
	testing::AssertionResult told_about(const Outcome& outcome, const Bytes& frame, const ICMP& error)
	{
		if (outcome.output != static_cast<int>(told))
			return testing::AssertionFailure() << outcome;
		const Bytes& seen = outcome.frame;
		const auto id = static_cast<std::uint16_t>(seen.at(18) << 8 | seen.at(19)); // nobody can foresee it
		const std::size_t quoted = std::min<std::size_t>(frame.size() - 14, 548);
		// the MAC addresses change places
		const Bytes want =
		    Ethernet{.dst = {2, 0, 0, 0, 0, 1}, .src = {2, 0, 0, 0, 0, 2}} /
		    IPv4{.src = "192.0.2.9", .dst = host, .proto = std::uint8_t{icmp}, .tos = 0xc0, .id = id} / error /
		    Payload(Bytes(frame.begin() + 14, frame.begin() + 14 + static_cast<long>(quoted)));
		return became(outcome, told, want);
	}
	static Bytes datagram(bool dont_fragment, std::size_t size)
	{
		return Ethernet{} / IPv4{.src = host, .dst = peer, .dont_fragment = dont_fragment} /
		       UDP{.sport = 2000} / Payload::of(size - 28);
	}
	// Of an error that quotes: its bytes 6 and 7.
	static ICMP unreachable(std::uint8_t code, std::uint16_t mtu = 0)
	{
		return {.type = 3, .code = code, .id = 0, .seq = mtu};
	}
};

TEST_F(NatErrors, TooLongForTheLinkOutside)
{
	wire({.tells = true, .mtu = 1400});
	EXPECT_EQ(out(datagram(true, 1400)).output, outwards);
	EXPECT_TRUE(told_about(out(datagram(true, 1401)), datagram(true, 1401), unreachable(4, 1400)));
	EXPECT_TRUE(told_about(out(datagram(false, 1500)), datagram(false, 1500), unreachable(4, 1400)));
	const Bytes segment =
	    Ethernet{} / IPv4{.src = host, .dst = peer, .dont_fragment = true} / TCP{.flags = ACK} / Payload::of(1460);
	EXPECT_TRUE(told_about(out(segment), segment, unreachable(4, 1400)));
	// what comes in is for the link inside
	const Bytes answer = Ethernet{} / IPv4{.src = peer, .dst = nat, .dont_fragment = true} /
			     UDP{.sport = 53, .dport = 2000} / Payload::of(1472);
	EXPECT_EQ(in(answer).output, inwards);
}

TEST_F(NatErrors, NoErrorAboutALaterFragment)
{
	wire({.tells = true, .mtu = 1000});
	auto part = [](std::uint16_t offset, std::size_t size, std::size_t from) {
		const Bytes whole =
		    Ethernet{} / IPv4{.src = host, .dst = peer} / UDP{.sport = 2000} / Payload::of(4000);
		return Bytes(
		    Ethernet{} /
		    IPv4{.src = host, .dst = peer, .fragment = offset, .more = true, .proto = std::uint8_t{udp}} /
		    Payload(Bytes(whole.begin() + 34 + static_cast<long>(from),
				  whole.begin() + 34 + static_cast<long>(from + size))));
	};
	EXPECT_EQ(out(part(0, 800, 0)).output, outwards);
	EXPECT_EQ(out(part(100, 1400, 800)).verdict, XDP_DROP);
	EXPECT_EQ(dropped_by("ICMPError")["icmp-silent"], 1u);
}

TEST_F(NatErrors, NoPortIsFree)
{
	wire({.ports = {3000, 3000}, .tells = true});
	auto from = [](const std::string& who, const Layer& layer) {
		return Bytes(Ethernet{} / IPv4{.src = who, .dst = peer} / layer);
	};
	for (const Layer& layer : {Layer{UDP{.sport = 80}}, Layer{TCP{.flags = SYN}}, Layer{ICMP{.id = 9}}}) {
		EXPECT_EQ(out(from("10.0.0.2", layer)).output, outwards);
		EXPECT_TRUE(told_about(out(from(host, layer)), from(host, layer), unreachable(13)));
	}
	// no error about an error
	const Bytes quoted = from(peer, UDP{.sport = 9}), error = Ethernet{} / IPv4{.src = host, .dst = peer} /
								  ICMP{.type = 3, .id = 0, .seq = 0} /
								  Payload(Bytes(quoted.begin() + 14, quoted.end()));
	EXPECT_EQ(out(error).output, untranslatable);
}

// Which table is full: that of the leases, or that of the sessions once all are answered.
class NatErrorsFull : public NatErrors, public testing::WithParamInterface<const char*> {
protected:
	static constexpr unsigned room = 64;

	void SetUp() override
	{
		capacity(GetParam(), room);
		capacity(statemaps::queue_of(GetParam()), 2 * room);
		NatErrors::SetUp();
		if (!IsSkipped() && !HasFatalFailure())
			wire({.filter = by_port, .tells = true});
	}
};

INSTANTIATE_TEST_SUITE_P(States, NatErrorsFull, testing::Values("POOL", "SESSION"),
			 [](const auto& state) { return std::string(state.param); });

TEST_P(NatErrorsFull, IsTold)
{
	for (unsigned n = 0; n <= room; n++) {
		const auto port = static_cast<std::uint16_t>(2000 + n);
		const Bytes frame = Ethernet{} / IPv4{.src = host, .dst = peer} / UDP{.sport = port};
		if (n == room) {
			EXPECT_TRUE(told_about(out(frame), frame, unreachable(13)));
			continue;
		}
		ASSERT_EQ(out(frame).output, outwards);
		ASSERT_EQ(in(Ethernet{} / IPv4{.src = peer, .dst = nat} / UDP{.sport = 53, .dport = port}).output,
			  inwards);
	}
}

} // namespace
} // namespace nfup::test
