// SPDX-License-Identifier: BSD-2-Clause
// ReadNeighbour, WriteNeighbour and AskNeighbour.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <ctime>

#include "behind_check.h"
#include "bpf/atoms/neighbour_entry.h"
#include "samples.h"

namespace nfup::test {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
const Mac ours{2, 0, 0, 0, 1, 1}, host{2, 0, 0, 0, 0, 9}, broadcast{255, 255, 255, 255, 255, 255};

class Neighbours : public BehindCheck {
protected:
	void SetUp() override
	{
		BehindCheck::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		read_ = load("ReadNeighbour", Params().set("SRC", ours).set("TIMEOUT", 100 * second));
		write4_ = load("WriteNeighbour", writer("::ffff:10.0.0.0", 104));
		use("WriteNeighbour", writer("2001:db8::", 64)); // behind CheckIP6Header
	}
	static Params writer(const char* prefix, std::uint8_t length)
	{
		return Params().set("ADDRESSES", prefix6(prefix, length)).set("TIMEOUT", 100 * second).set("FULL", 1u);
	}
	static std::uint64_t now()
	{
		timespec t{};
		clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
		return static_cast<std::uint64_t>(t.tv_sec) * second + static_cast<std::uint64_t>(t.tv_nsec);
	}
	static neighbour_key key(const std::string& address)
	{
		neighbour_key out{};
		const auto bytes = address6(address);
		std::copy(bytes.begin(), bytes.end(), out.addr);
		return out;
	}
	void set(const std::string& address, const Mac& mac, std::uint64_t age, bool fixed = false)
	{
		neighbour_entry e{.last_seen = now() - age, .mac = {}, .fixed = fixed};
		std::copy(mac.begin(), mac.end(), e.mac);
		const neighbour_key k = key(address);
		ASSERT_EQ(bpf_map_update_elem(state("NEIGHB"), &k, &e, BPF_ANY), 0);
	}
	// Whom a packet to that next hop is addressed to; nobody: all zeros.
	Mac asked(const std::string& hop)
	{
		const Bytes frame = Ethernet{} / IPv4{} / UDP{};
		pkt context{};
		const neighbour_key k = key(hop);
		std::memcpy(context.next_hop, k.addr, sizeof context.next_hop);
		const auto outcome = run(read_, frame, context);
		if (outcome.output != 0) {
			EXPECT_TRUE(left(outcome, 1, frame));
			return {};
		}
		Mac to{};
		std::copy_n(outcome.frame.begin(), 6, to.begin());
		EXPECT_EQ(outcome.frame, Bytes(Ethernet{.dst = to, .src = ours} / IPv4{} / UDP{}));
		return to;
	}
	static Bytes says(const std::string& address, const Mac& mac, std::uint16_t op = 1)
	{
		return Ethernet{.dst = broadcast, .src = mac} /
		       ARP{.op = op, .sender_mac = mac, .sender = address, .target = "10.0.0.254"};
	}
	void hears(const Bytes& arp) { EXPECT_TRUE(left(run(write4_, arp), 0, arp)); }
	void hears6(const Bytes& frame) { EXPECT_TRUE(left(send(frame), 0, frame)); }
	static Bytes message(std::uint8_t type, const std::string& src, const std::string& target, const Mac& mac,
			     std::uint8_t hops = 255, std::uint8_t code = 0)
	{
		const auto address = address6(target);
		Bytes body(address.begin(), address.end());
		body.insert(body.end(), {std::uint8_t(type == 135 ? 1 : 2), 1});
		body.insert(body.end(), mac.begin(), mac.end());
		return Ethernet{.src = mac} / IPv6{.src = src, .dst = "2001:db8::ff", .hop_limit = hops} /
		       ICMP6{.type = type, .code = code, .id = 0, .seq = 0} / Payload(body);
	}

	Object read_, write4_;
};

TEST_F(Neighbours, AreHeardByARP)
{
	EXPECT_EQ(asked("::ffff:10.0.0.9"), Mac{});
	hears(says("10.0.0.9", host));
	EXPECT_EQ(asked("::ffff:10.0.0.9"), host);
	EXPECT_EQ(asked("::ffff:10.0.0.8"), Mac{});
	hears(says("10.0.0.8", {2, 0, 0, 0, 0, 8}, 2));
	EXPECT_EQ(asked("::ffff:10.0.0.8"), (Mac{2, 0, 0, 0, 0, 8}));
	hears(says("10.0.0.9", {2, 0, 0, 0, 0, 7})); // another card
	EXPECT_EQ(asked("::ffff:10.0.0.9"), (Mac{2, 0, 0, 0, 0, 7}));
}

TEST_F(Neighbours, AreHeardByNeighbourDiscovery)
{
	hears6(message(135, "2001:db8::9", "2001:db8::ff", host)); // who asks
	EXPECT_EQ(asked("2001:db8::9"), host);
	hears6(message(136, "2001:db8::1", "2001:db8::8", {2, 0, 0, 0, 0, 8})); // whom it is about
	EXPECT_EQ(asked("2001:db8::8"), (Mac{2, 0, 0, 0, 0, 8}));
	EXPECT_EQ(asked("2001:db8::1"), Mac{});
	EXPECT_EQ(asked("2001:db8::ff"), Mac{});
}

TEST_F(Neighbours, AreNotAlwaysBelieved)
{
	hears(says("192.0.2.9", host)); // not of this link
	EXPECT_EQ(asked("::ffff:192.0.2.9"), Mac{});
	hears(says("10.0.0.9", {1, 0, 0, 0, 0, 9})); // a group
	EXPECT_EQ(asked("::ffff:10.0.0.9"), Mac{});
	const std::size_t kinds[] = {13, 15, 17, 18, 19}; // of another kind
	for (const std::size_t i : kinds) {
		Bytes other = says("10.0.0.9", host);
		other[i] ^= 1;
		hears(other);
		EXPECT_EQ(asked("::ffff:10.0.0.9"), Mac{}) << i;
	}
	for (std::size_t size = 14; size < 42; size++) {
		Bytes cut = says("10.0.0.9", host);
		cut.resize(size);
		hears(cut);
	}
	EXPECT_EQ(asked("::ffff:10.0.0.9"), Mac{});
	hears6(message(135, "2001:db8:1::9", "2001:db8::ff", host));
	hears6(message(135, "2001:db8::9", "2001:db8::ff", host, 254));
	hears6(message(135, "2001:db8::9", "2001:db8::ff", host, 255, 1));
	hears6(message(135, "2001:db8::9", "ff02::1", host));
	hears6(message(133, "2001:db8::9", "2001:db8::ff", host));
	hears6(message(135, "::", "2001:db8::9", host)); // tests whether the address is free
	for (const char* address : {"2001:db8:1::9", "2001:db8::9", "2001:db8::ff", "::"})
		EXPECT_EQ(asked(address), Mac{}) << address;
}

TEST_F(Neighbours, AreForgottenUnlessTheySpeakOrAreFixed)
{
	hears(says("10.0.0.9", host)); // makes the state
	set("::ffff:10.0.0.9", host, 99 * second);
	EXPECT_EQ(asked("::ffff:10.0.0.9"), host);
	set("::ffff:10.0.0.9", host, 102 * second);
	EXPECT_EQ(asked("::ffff:10.0.0.9"), Mac{});
	hears(says("10.0.0.9", host));
	EXPECT_EQ(asked("::ffff:10.0.0.9"), host);
	set("::ffff:10.0.0.9", host, 102 * second, true);
	EXPECT_EQ(asked("::ffff:10.0.0.9"), host);
	hears(says("10.0.0.9", {2, 0, 0, 0, 0, 7})); // says somebody
	EXPECT_EQ(asked("::ffff:10.0.0.9"), host);
}

TEST_F(Neighbours, AreAskedByARP)
{
	auto ask = load("AskNeighbour", Params().set("IPADDR", address6("::ffff:10.0.0.1")).set("MAC", ours));
	const Bytes question = Ethernet{.dst = broadcast, .src = ours} /
			       ARP{.op = 1, .sender_mac = ours, .sender = "10.0.0.1", .target = "10.0.0.9"};
	pkt context{};
	context.l3 = 14;
	const neighbour_key hop = key("::ffff:10.0.0.9");
	std::memcpy(context.next_hop, hop.addr, sizeof context.next_hop);
	for (const std::size_t size : {0, 14, 1400}) {
		const auto outcome = run(ask, Ethernet{} / IPv4{} / Payload::of(size), context);
		EXPECT_EQ(outcome.output, 0);
		EXPECT_EQ(outcome.frame, question) << size;
	}
	context.l3 = 18; // the tag stays
	EXPECT_EQ(run(ask, Ethernet{} / Vlan{.id = 7} / IPv4{} / UDP{}, context).frame,
		  Bytes(Ethernet{.dst = broadcast, .src = ours} / Vlan{.id = 7} /
			ARP{.op = 1, .sender_mac = ours, .sender = "10.0.0.1", .target = "10.0.0.9"}));
	const neighbour_key six = key("2001:db8::9");
	std::memcpy(context.next_hop, six.addr, sizeof context.next_hop);
	const Bytes other = Ethernet{} / IPv6{} / UDP{};
	EXPECT_TRUE(left(run(ask, other, context), 0, other));
}

TEST_F(Neighbours, AreAskedByNeighbourDiscovery)
{
	auto ask = load("AskNeighbour", Params().set("IPADDR", address6("2001:db8::1")).set("MAC", ours));
	const auto target = address6("2001:db8::12:3456");
	Bytes body(target.begin(), target.end());
	body.insert(body.end(), {1, 1, 2, 0, 0, 0, 1, 1});
	const Bytes question = Ethernet{.dst = {0x33, 0x33, 0xff, 0x12, 0x34, 0x56}, .src = ours} /
			       IPv6{.src = "2001:db8::1", .dst = "ff02::1:ff12:3456", .hop_limit = 255} /
			       ICMP6{.type = 135, .id = 0, .seq = 0} / Payload(body);
	pkt context{};
	context.l3 = 14;
	std::memcpy(context.next_hop, target.data(), target.size());
	for (const std::size_t size : {0, 24, 1400}) {
		const auto outcome = run(ask, Ethernet{} / IPv6{} / UDP{} / Payload::of(size), context);
		EXPECT_EQ(outcome.output, 0);
		EXPECT_EQ(outcome.frame, question) << size;
	}
	const neighbour_key four = key("::ffff:10.0.0.9");
	std::memcpy(context.next_hop, four.addr, sizeof context.next_hop);
	const Bytes other = Ethernet{} / IPv4{} / UDP{};
	EXPECT_TRUE(left(run(ask, other, context), 0, other));
}

} // namespace
} // namespace nfup::test
