// SPDX-License-Identifier: BSD-2-Clause
// WriteReturn and ReadReturn: the answers of a server that a load balancer has chosen.
#include "atom_fixture.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "bpf/atoms/return_entry.h"
#include "statemaps/queue.h"

namespace nfup::test {
namespace {

const std::string client = "198.51.100.7", vip = "192.0.2.100", server = "10.0.1.7", client6 = "2001:db8:1::7",
		  vip6 = "2001:db8:2::100", server6 = "2001:db8:3::7";
constexpr unsigned tcp = 6, icmp = 1, room = 64;

class Return : public NodeTest {
protected:
	void SetUp() override
	{
		capacity("RETURN", room);
		capacity(statemaps::queue_of("RETURN"), 2 * room);
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		const Params times =
		    Params().set("TCP", 100 * minute).set("CLOSING", 4 * minute).set("OTHER", 5 * minute);
		write_ = load("WriteReturn", times, {first_exit_slot, no_slot});
		read_ = load("ReadReturn", times);
	}
	static pkt context(const flow_key& key, unsigned flags = PKT_HAS_PORTS)
	{
		pkt p{};
		p.cursor = p.l3 = 14;
		p.l4 = key.family == 4 ? 34 : 54;
		p.l3_len = static_cast<__u16>(p.l4 + 20 - 14);
		p.ethertype = htons(key.family == 4 ? 0x0800 : 0x86dd);
		p.ip_proto = key.proto;
		p.flags = static_cast<__u8>(flags);
		p.flow = key;
		return p;
	}
	// The client's packet to `to`, whose flow a node in front has sent to the server.
	Outcome asks(unsigned sport, unsigned flags = SYN, const std::string& to = vip, unsigned dport = 80)
	{
		return run(write_,
			   Ethernet{} / IPv4{.src = client, .dst = to} /
			       TCP{.sport = static_cast<std::uint16_t>(sport),
				   .dport = static_cast<std::uint16_t>(dport),
				   .flags = flags},
			   context(flow(client, sport, server, 8080, tcp)));
	}
	Outcome answers(unsigned dport, unsigned flags = ACK)
	{
		const flow_key key = back(dport);
		return run(read_, Ethernet{} / IPv4{.src = server, .dst = client} / TCP{.flags = flags}, context(key));
	}
	static flow_key back(unsigned dport) { return flow(server, 8080, client, dport, tcp); }
	std::optional<return_entry> entry(const flow_key& key)
	{
		return_entry e{};
		if (bpf_map_lookup_elem(state("RETURN"), &key, &e))
			return {};
		return e;
	}
	void age(const flow_key& key, std::uint64_t by)
	{
		return_entry e = *entry(key);
		e.last_seen -= by;
		e.checked -= 1'000'000;
		bpf_map_update_elem(state("RETURN"), &key, &e, BPF_EXIST);
	}

	Object write_, read_;
};

TEST_F(Return, AnswersComeFromTheService)
{
	EXPECT_EQ(answers(1000).output, 1);
	EXPECT_EQ(asks(1000).output, 0);
	const Outcome outcome = answers(1000);
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(outcome.context.flow, flow(vip, 80, client, 1000, tcp));
	EXPECT_EQ(answers(1001).output, 1);
}

TEST_F(Return, IPv6)
{
	const flow_key key = flow(client6, 1000, server6, 8080, tcp);
	run(write_, Ethernet{} / IPv6{.src = client6, .dst = vip6} / TCP{.sport = 1000, .dport = 80}, context(key));
	const flow_key answer = flow(server6, 8080, client6, 1000, tcp);
	const Outcome outcome = run(read_, Ethernet{} / IPv6{} / TCP{}, context(answer));
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(outcome.context.flow, flow(vip6, 80, client6, 1000, tcp));
}

TEST_F(Return, EntriesEndWithTheirFlows)
{
	asks(1000);
	EXPECT_EQ(entry(back(1000))->phase, FLOW_NEW);
	answers(1000, SYN | ACK);
	EXPECT_EQ(entry(back(1000))->phase, FLOW_NEW);
	asks(1000, ACK);
	EXPECT_EQ(entry(back(1000))->phase, FLOW_TCP);
	age(back(1000), 99 * minute);
	EXPECT_EQ(answers(1000).output, 0) << "which keeps it alive";
	age(back(1000), 99 * minute);
	EXPECT_EQ(asks(1000, ACK).output, 0) << "and so does this";
	age(back(1000), 101 * minute);
	EXPECT_EQ(answers(1000).output, 1);
	EXPECT_EQ(asks(1000, ACK).output, 0);
	EXPECT_EQ(answers(1000, FIN | ACK).output, 0);
	EXPECT_EQ(entry(back(1000))->phase, FLOW_CLOSING);
	age(back(1000), 5 * minute);
	EXPECT_EQ(answers(1000).output, 1);
}

// Its answers would be mixed up with the first one's.
TEST_F(Return, TwoServicesFromOnePort)
{
	asks(1000);
	asks(1000, ACK);
	EXPECT_TRUE(dropped(asks(1000, SYN, vip, 81), "port-taken"));
	EXPECT_TRUE(dropped(asks(1000, SYN, "192.0.2.101"), "port-taken"));
	EXPECT_EQ(answers(1000).context.flow, flow(vip, 80, client, 1000, tcp));
	// once it is over, the port is free
	asks(1000, FIN | ACK);
	EXPECT_EQ(asks(1000, SYN, vip, 81).output, 0);
	EXPECT_EQ(answers(1000).context.flow, flow(vip, 81, client, 1000, tcp));
	age(back(1000), 101 * minute);
	EXPECT_EQ(asks(1000, SYN, "192.0.2.101").output, 0);
	EXPECT_EQ(answers(1000).context.flow, flow("192.0.2.101", 80, client, 1000, tcp));
}

TEST_F(Return, QueriesKeepTheirIdentifier)
{
	const flow_key key = flow(client, 7, server, 7, icmp);
	run(write_, Ethernet{} / IPv4{.src = client, .dst = vip} / ICMP{}, context(key, PKT_HAS_ID));
	const Outcome outcome =
	    run(read_, Ethernet{} / IPv4{} / ICMP{.type = 0}, context(flow(server, 7, client, 7, icmp), PKT_HAS_ID));
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(outcome.context.flow, flow(vip, 7, client, 7, icmp));
}

TEST_F(Return, FragmentsAreNotTranslated)
{
	const Bytes frame = Ethernet{} / IPv4{} / TCP{};
	const flow_key key = flow(client, 1000, server, 8080, tcp);
	EXPECT_TRUE(dropped(run(write_, frame, context(key, PKT_HAS_PORTS | PKT_FRAGMENT)), "untranslatable"));
	asks(1000);
	EXPECT_EQ(run(read_, frame, context(back(1000), PKT_HAS_PORTS | PKT_FRAGMENT)).output, 1);
}

TEST_F(Return, IcmpErrorsNoteNothing)
{
	const Bytes frame = Ethernet{} / IPv4{} / ICMP{.type = 3} / IPv4{} / UDP{};
	const unsigned error = PKT_HAS_PORTS | PKT_ICMP_ERROR;
	EXPECT_EQ(run(write_, frame, context(flow(client, 1000, server, 8080, tcp), error)).output, 0);
	EXPECT_FALSE(entry(back(1000)));
	asks(1000);
	age(back(1000), 30 * second);
	const std::uint64_t seen = entry(back(1000))->last_seen;
	const Outcome outcome = run(read_, frame, context(back(1000), error));
	EXPECT_EQ(outcome.output, 0);
	EXPECT_EQ(outcome.context.flow, flow(vip, 80, client, 1000, tcp));
	EXPECT_EQ(entry(back(1000))->last_seen, seen);
}

TEST_F(Return, AFloodPushesOutOnlyItsOwnKind)
{
	for (unsigned n = 0; n < 16; n++) {
		asks(n);
		asks(n, ACK);
	}
	for (unsigned n = 100; n < 100 + 10 * room; n++)
		EXPECT_EQ(asks(n).output, 0) << n;
	for (unsigned n = 0; n < 16; n++)
		EXPECT_EQ(answers(n).output, 0) << n;
	EXPECT_EQ(events(write_, NFUP_EVENT_EVICTED), 10 * room - (room - 16));
	for (unsigned n = 100; n < 100 + 10 * room; n++)
		asks(n, ACK);
	EXPECT_TRUE(dropped(asks(5000), "table-full")) << "its answers could not come back";
}

} // namespace
} // namespace nfup::test
