// SPDX-License-Identifier: BSD-2-Clause
#include "filters.h"
#include "flow.h"
#include "harness.h"

#include <linux/bpf.h>

namespace nfup::test {
namespace {

// A packet goes through the header check of its family, then the filter: the
// flow and the offsets are what they are in a real chain.
class Filter : public NodeTest {
protected:
	static constexpr unsigned filter_slot = 70;

	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		check4_ = load("CheckIPHeader", Params().set("CHECKSUM", std::uint8_t{1}), {filter_slot, no_slot});
		check6_ = load("CheckIP6Header", {}, {filter_slot, no_slot});
		start_.cursor = 14;
	}
	void use(const std::string& cls, const Params& params)
	{
		filter_ = load(cls, params);
		put(filter_slot, filter_.program);
	}
	void filter(const std::vector<std::string>& rules) { use("IPFilter", filter_rules(rules)); }
	void classify(const std::vector<std::string>& texts) { use("IPClassifier", classifier_expressions(texts)); }

	// By `output` of the filter, unchanged.
	testing::AssertionResult takes(int output, const Bytes& frame)
	{
		const auto before = packets(filter_);
		const auto outcome = run(frame[12] == 0x86 ? check6_ : check4_, frame, start_);
		if (packets(filter_) != before + 1)
			return testing::AssertionFailure() << "the header check kept it: " << outcome;
		return left(outcome, output, frame);
	}
	testing::AssertionResult drops_it(const std::string& reason, const Bytes& frame)
	{
		auto before = drops(filter_);
		const auto outcome = run(frame[12] == 0x86 ? check6_ : check4_, frame, start_);
		const auto after = drops(filter_);
		if (outcome.verdict != XDP_DROP)
			return testing::AssertionFailure() << "not dropped: " << outcome;
		before[reason]++;
		return after == before ? testing::AssertionSuccess() : testing::AssertionFailure() << "another reason";
	}

	Object check4_, check6_, filter_;
	pkt start_{};
};

const Bytes web = Ethernet{} / IPv4{} / TCP{.dport = 80};
const Bytes dns = Ethernet{} / IPv4{} / UDP{.dport = 53};
const Bytes ping = Ethernet{} / IPv4{} / ICMP{.type = 8};
const Bytes web6 = Ethernet{} / IPv6{} / TCP{.dport = 80};
const Bytes ping6 = Ethernet{} / IPv6{} / ICMP6{.type = 128};

TEST_F(Filter, FirstRuleThatHoldsDecides)
{
	filter({"allow tcp dst port 80 and src net 10.0.0.0/8", "1 udp", "deny icmp", "2 tcp"});
	EXPECT_TRUE(takes(0, web));
	EXPECT_TRUE(takes(1, dns));
	EXPECT_TRUE(takes(2, Ethernet{} / IPv4{} / TCP{.dport = 81}));
	EXPECT_TRUE(takes(2, Ethernet{} / IPv4{.src = "11.0.0.1"} / TCP{.dport = 80}));
	EXPECT_TRUE(drops_it("denied", ping));
	EXPECT_TRUE(drops_it("no-match", Ethernet{} / IPv4{.proto = std::uint8_t{47}} / Payload::of(8)));
}

TEST_F(Filter, NothingButDeny)
{
	filter({"deny all"});
	EXPECT_TRUE(drops_it("denied", web));
	EXPECT_TRUE(drops_it("denied", web6));
	filter({"allow false"});
	EXPECT_TRUE(drops_it("no-match", web));
}

TEST_F(Filter, ClassifierHasAnOutputAnExpression)
{
	classify({"tcp dst port 80", "udp", "-"});
	EXPECT_TRUE(takes(0, web));
	EXPECT_TRUE(takes(0, web6));
	EXPECT_TRUE(takes(1, dns));
	EXPECT_TRUE(takes(2, ping));
	classify({"tcp dst port 80", "udp"});
	EXPECT_TRUE(drops_it("no-match", ping));
}

TEST_F(Filter, AllThirtyTwoOutputs)
{
	for (const bool actions : {true, false}) {
		actions ? filter(sample_rules(true)) : classify(sample_rules(false));
		for (int i = 0; i < FILTER_MAX_OUTPUTS; i++) {
			EXPECT_TRUE(takes(i, Ethernet{} / IPv4{} / UDP{.dport = static_cast<std::uint16_t>(1000 + i)}))
			    << i;
			EXPECT_TRUE(takes(i, Ethernet{} / IPv6{} / TCP{.dport = static_cast<std::uint16_t>(1000 + i)}))
			    << i;
		}
	}
}

TEST_F(Filter, AddressesOfBothFamilies)
{
	filter({"allow src net 2001:db8::/32 and dst host 2001:db8::2", "1 src host 10.0.0.1", "deny all"});
	EXPECT_TRUE(takes(0, web6));
	EXPECT_TRUE(takes(1, web));
	EXPECT_TRUE(drops_it("denied", Ethernet{} / IPv6{.src = "2001:db9::1"} / TCP{}));
	EXPECT_TRUE(drops_it("denied", Ethernet{} / IPv4{.src = "10.0.0.2"} / TCP{}));
}

TEST_F(Filter, PortsAndRanges)
{
	filter({"allow dst port 1000-2000", "1 src port != 1000", "2 tcp"});
	for (const unsigned port : {1000u, 1001u, 1023u, 1024u, 1999u, 2000u})
		EXPECT_TRUE(takes(0, Ethernet{} / IPv4{} / UDP{.dport = static_cast<std::uint16_t>(port)})) << port;
	for (const unsigned port : {0u, 999u, 2001u, 65535u})
		EXPECT_TRUE(drops_it("no-match", Ethernet{} / IPv4{} / UDP{.dport = static_cast<std::uint16_t>(port)}))
		    << port;
	EXPECT_TRUE(takes(1, Ethernet{} / IPv4{} / UDP{.sport = 1001}));
	EXPECT_TRUE(takes(2, web));
}

TEST_F(Filter, FragmentsHaveNoPortsButTheFirst)
{
	filter({"allow udp port 53", "1 ip frag", "2 all"});
	EXPECT_TRUE(takes(0, dns));
	EXPECT_TRUE(takes(0, Ethernet{} / IPv4{.more = true} / UDP{.dport = 53} / Payload::of(16)));
	EXPECT_TRUE(takes(1, Ethernet{} / IPv4{.fragment = 3, .proto = std::uint8_t{17}} / Payload::of(16)));
	EXPECT_TRUE(
	    takes(1, Ethernet{} / IPv6{} / Fragment6{.fragment = 3, .next = std::uint8_t{17}} / Payload::of(16)));
	EXPECT_TRUE(takes(0, Ethernet{} / IPv6{} / Fragment6{.more = true} / UDP{.dport = 53} / Payload::of(8)));
	EXPECT_TRUE(takes(2, web));
}

TEST_F(Filter, LaterFragmentsMeetNoTransportRule)
{
	filter({"allow tcp opt syn", "1 icmp type 8", "2 src port 1000", "deny tcp win 65535", "3 all"});
	for (const std::uint8_t proto : Bytes{6, 1, 17})
		EXPECT_TRUE(takes(3, Ethernet{} / IPv4{.fragment = 4, .proto = proto} / Payload(Bytes(40, 0xff))))
		    << proto;
}

TEST_F(Filter, IcmpTypes)
{
	filter({"allow icmp type echo", "1 icmp type unreachable and icmp code 3", "2 icmp6 type echo", "deny all"});
	EXPECT_TRUE(takes(0, ping));
	EXPECT_TRUE(takes(1, Ethernet{} / IPv4{} / ICMP{.type = 3, .code = 3}));
	EXPECT_TRUE(drops_it("denied", Ethernet{} / IPv4{} / ICMP{.type = 3, .code = 4}));
	EXPECT_TRUE(takes(2, ping6));
	EXPECT_TRUE(drops_it("denied", Ethernet{} / IPv6{} / ICMP6{.type = 8}));
	// an echo's identifier is no port
	filter({"allow port 7", "deny all"});
	EXPECT_TRUE(drops_it("denied", Ethernet{} / IPv4{} / ICMP{.type = 8, .id = 7}));
}

TEST_F(Filter, TcpFlagsAndWindow)
{
	filter({"allow syn and not ack", "1 syn ack", "2 tcp win 65535 and fin", "deny tcp"});
	EXPECT_TRUE(takes(0, Ethernet{} / IPv4{} / TCP{.flags = SYN}));
	EXPECT_TRUE(takes(1, Ethernet{} / IPv4{} / TCP{.flags = SYN | ACK}));
	EXPECT_TRUE(takes(2, Ethernet{} / IPv6{} / TCP{.flags = FIN | ACK}));
	EXPECT_TRUE(drops_it("denied", web));
}

TEST_F(Filter, HeaderFields)
{
	filter({"allow ip ttl 1", "1 ip ttl > 200", "2 ip hl > 5", "3 ip id 0x1234 and ip len 48 and udp",
		"4 ip6 and ip len 60"});
	EXPECT_TRUE(takes(0, Ethernet{} / IPv4{.ttl = 1} / TCP{}));
	EXPECT_TRUE(takes(0, Ethernet{} / IPv6{.hop_limit = 1} / TCP{}));
	EXPECT_TRUE(takes(1, Ethernet{} / IPv6{.hop_limit = 255} / TCP{}));
	EXPECT_TRUE(takes(2, Ethernet{} / IPv4{.options = Bytes(4, 1)} / TCP{}));
	EXPECT_TRUE(takes(3, Ethernet{} / IPv4{} / UDP{} / Payload::of(20)));
	EXPECT_TRUE(takes(4, web6));
	EXPECT_TRUE(drops_it("no-match", dns));
}

TEST_F(Filter, TrafficClassOfBothFamilies)
{
	filter({"allow ip dscp 46", "1 ip ce", "2 all"});
	Bytes four = Ethernet{} / IPv4{.checksum = std::uint16_t{0}} / UDP{}, six = web6;
	six[14] = 0x6b, six[15] = 0x80; // 46 << 2
	EXPECT_TRUE(takes(0, six));
	six[14] = 0x60, six[15] = 0x30; // ECN 3
	EXPECT_TRUE(takes(1, six));
	check4_ = load("CheckIPHeader", Params().set("CHECKSUM", std::uint8_t{0}), {filter_slot, no_slot});
	four[15] = 46 << 2;
	EXPECT_TRUE(takes(0, four));
	four[15] = 3;
	EXPECT_TRUE(takes(1, four));
	EXPECT_TRUE(takes(2, web));
}

TEST_F(Filter, PaddingIsNoHeader)
{
	filter({"allow tcp opt fin", "1 icmp type 0", "2 all"});
	// the datagram ends inside the transport header, the frame does not
	EXPECT_TRUE(takes(2, Ethernet{} / IPv4{.length = std::uint16_t{33}, .proto = std::uint8_t{6}} /
				 Payload(Bytes(40, 0xff))));
	EXPECT_TRUE(
	    takes(2, Ethernet{} / IPv4{.length = std::uint16_t{22}, .proto = std::uint8_t{1}} / Payload(Bytes(40, 0))));
}

TEST_F(Filter, FiveThousandRules)
{
	std::vector<std::string> rules;
	for (int i = 0; i < 5000; i++)
		rules.push_back((i % 2 ? "allow" : "1") + std::string(" tcp dst port ") + std::to_string(1 + i % 50) +
				" and src net 10." + std::to_string(i / 50) + ".0.0/16");
	rules.push_back("deny all");
	filter(rules);
	for (const int i : {0, 1, 49, 50, 2501, 4998, 4999})
		EXPECT_TRUE(takes(i % 2 ? 0 : 1, Ethernet{} / IPv4{.src = "10." + std::to_string(i / 50) + ".3.4"} /
						     TCP{.dport = static_cast<std::uint16_t>(1 + i % 50)}))
		    << i;
	EXPECT_TRUE(drops_it("denied", web));
	EXPECT_TRUE(drops_it("denied", Ethernet{} / IPv4{.src = "10.100.0.1"} / TCP{.dport = 1}));
}

// More look-ups than an ordinary rule set has: the verifier walks each.
TEST_F(Filter, TwoHundredFiftySixShapes)
{
	std::vector<std::string> rules;
	for (int i = 0; i < 16; i++)
		for (int j = 0; j < 16; j++)
			rules.push_back(std::to_string((i + j) % 2) + " src net 10.1.1.1/" + std::to_string(32 - i) +
					" and dst net 10.2.1.1/" + std::to_string(32 - j));
	filter(rules);
	EXPECT_TRUE(takes(0, Ethernet{} / IPv4{.src = "10.1.1.1", .dst = "10.2.1.1"} / TCP{}));
	EXPECT_TRUE(takes(1, Ethernet{} / IPv4{.src = "10.1.1.1", .dst = "10.2.1.0"} / TCP{}));
	EXPECT_TRUE(takes(1, Ethernet{} / IPv4{.src = "10.1.0.1", .dst = "10.2.1.3"} / TCP{})); // /23, /30
	EXPECT_TRUE(drops_it("no-match", web));
}

} // namespace
} // namespace nfup::test
