// SPDX-License-Identifier: BSD-2-Clause
// FromDevice, ToDevice, ToHost, Null, Counter, Discard, Idle, Strip.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if.h>

#include "harness.h"

namespace nfup::test {
namespace {

class SimpleModules : public NodeTest {
protected:
	const Bytes frame = Ethernet{} / IPv4{} / UDP{} / Payload("hello");
};

TEST_F(SimpleModules, FromDeviceClearsTheContextButFlowAndNextHop)
{
	auto node = load("FromDevice", Params().set("DEVICE", 3u));
	pkt old;
	std::memset(&old, 0xee, sizeof old);

	auto outcome = run(node, frame, old);
	EXPECT_TRUE(left(outcome, 0, frame));
	pkt expected{};
	expected.port = 3;
	expected.flow = old.flow;
	std::memcpy(expected.next_hop, old.next_hop, sizeof expected.next_hop);
	EXPECT_EQ(std::memcmp(&outcome.context, &expected, sizeof expected), 0);
}

TEST_F(SimpleModules, ToDeviceRedirectsToItsPort)
{
	auto node = load("ToDevice", Params().set("DEVICE", 5u));
	std::uint32_t port = 5, ifindex = if_nametoindex("lo");
	ASSERT_EQ(bpf_map_update_elem(ports(), &port, &ifindex, BPF_ANY), 0) << std::strerror(errno);

	auto outcome = run(node, frame);
	EXPECT_EQ(outcome.verdict, XDP_REDIRECT);
	EXPECT_EQ(outcome.frame, frame);
	EXPECT_TRUE(outcome.drops.empty());
}

TEST_F(SimpleModules, ToDeviceSendsFromTheLinkLayerHeader)
{
	auto node = load("ToDevice", Params().set("DEVICE", 0u));
	std::uint32_t port = 0, ifindex = if_nametoindex("lo");
	ASSERT_EQ(bpf_map_update_elem(ports(), &port, &ifindex, BPF_ANY), 0);
	pkt context{};
	context.l2 = 14;

	auto outcome = run(node, frame, context);
	EXPECT_EQ(outcome.verdict, XDP_REDIRECT);
	EXPECT_EQ(outcome.frame, Bytes(frame.begin() + 14, frame.end()));
}

TEST_F(SimpleModules, ToDeviceIgnoresTheCursor)
{
	auto node = load("ToDevice", Params().set("DEVICE", 0u));
	std::uint32_t port = 0, ifindex = if_nametoindex("lo");
	ASSERT_EQ(bpf_map_update_elem(ports(), &port, &ifindex, BPF_ANY), 0);
	pkt context{};
	context.cursor = 14;

	EXPECT_EQ(run(node, frame, context).frame, frame);
}

TEST_F(SimpleModules, ToDeviceWithoutDeviceDrops)
{
	std::uint32_t port = 1, ifindex = if_nametoindex("lo");
	ASSERT_EQ(bpf_map_update_elem(ports(), &port, &ifindex, BPF_ANY), 0);
	for (std::uint32_t device : {0u, 2u, NFUP_MAX_PORTS - 1u}) {
		auto node = load("ToDevice", Params().set("DEVICE", device));
		EXPECT_TRUE(dropped(run(node, frame), "no-device")) << device;
	}
}

TEST_F(SimpleModules, ToDeviceCannotSendLessThanALinkLayerHeader)
{
	auto node = load("ToDevice", Params().set("DEVICE", 0u));
	pkt context{};
	context.l2 = static_cast<__u16>(frame.size() - 13);
	EXPECT_TRUE(dropped(run(node, frame, context), "headroom"));
}

TEST_F(SimpleModules, ToHostPasses)
{
	auto node = load("ToHost");
	auto outcome = run(node, frame);
	EXPECT_EQ(outcome.verdict, XDP_PASS);
	EXPECT_EQ(outcome.frame, frame);

	pkt context{};
	context.l2 = 14;
	EXPECT_EQ(run(node, frame, context).frame, Bytes(frame.begin() + 14, frame.end()));
	context.l2 = 200;
	EXPECT_TRUE(dropped(run(node, frame, context), "headroom"));
}

TEST_F(SimpleModules, NullAndCounterPassTheFrameAndContext)
{
	pkt context;
	std::memset(&context, 0x11, sizeof context);
	for (const char* cls : {"Null", "Counter"}) {
		auto node = load(cls);
		auto outcome = run(node, frame, context);
		EXPECT_TRUE(left(outcome, 0, frame)) << cls;
		EXPECT_EQ(std::memcmp(&outcome.context, &context, sizeof context), 0) << cls;
	}
}

TEST_F(SimpleModules, DiscardAndIdleDrop)
{
	EXPECT_TRUE(dropped(run(load("Discard"), frame), "discard"));
	EXPECT_TRUE(dropped(run(load("Idle"), frame), "discard"));
	EXPECT_TRUE(dropped(run(load("Idle", {}, {no_slot}), frame), "discard"));
}

TEST_F(SimpleModules, StripMovesOnlyTheCursor)
{
	auto node = load("Strip", Params().set("LENGTH", 14u));
	auto outcome = run(node, frame);
	EXPECT_TRUE(left(outcome, 0, frame));
	EXPECT_EQ(outcome.context.cursor, 14);
	EXPECT_EQ(outcome.context.l2, 0);

	pkt context{};
	context.cursor = 14;
	EXPECT_EQ(run(node, frame, context).context.cursor, 28);
}

TEST_F(SimpleModules, StripAtEveryLength)
{
	for (unsigned length = 0; length <= frame.size() + 2; length++) {
		auto node = load("Strip", Params().set("LENGTH", length));
		auto outcome = run(node, frame);
		if (length <= frame.size())
			EXPECT_TRUE(left(outcome, 0, frame)) << length;
		else
			EXPECT_TRUE(dropped(outcome, "truncated")) << length;
	}
}

TEST_F(SimpleModules, StripDropsWhatIsTooShort)
{
	auto node = load("Strip", Params().set("LENGTH", 40u));
	Bytes longer = Ethernet{} / Payload::of(60);
	for (std::size_t size = 14; size <= longer.size(); size++) {
		Bytes prefix(longer.begin(), longer.begin() + static_cast<long>(size));
		auto outcome = run(node, prefix);
		if (size < 40)
			EXPECT_TRUE(dropped(outcome, "truncated")) << size;
		else
			EXPECT_TRUE(left(outcome, 0, prefix)) << size;
	}
}

} // namespace
} // namespace nfup::test
