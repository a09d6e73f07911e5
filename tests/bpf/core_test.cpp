// SPDX-License-Identifier: BSD-2-Clause
// ingress and root: the way into an NF.
#include <linux/bpf.h>
#include <net/if.h>

#include "harness.h"

namespace nfup::test {
namespace {

class Core : public NodeTest {
protected:
	const Bytes frame = Ethernet{} / IPv4{} / UDP{};
	// test runs receive on the loopback device
	const unsigned here = if_nametoindex("lo"), elsewhere = here + 77;

	Object load_root(const std::vector<unsigned>& ifindex)
	{
		std::array<std::uint32_t, NFUP_MAX_OUTPUTS> table{};
		std::copy(ifindex.begin(), ifindex.end(), table.begin());
		return load(
		    "root",
		    Params().set("nfup_ports", static_cast<std::uint32_t>(ifindex.size())).set("nfup_ifindex", table));
	}
};

TEST_F(Core, IngressEntersBySlotZero)
{
	auto ingress = load("ingress", {}, {NFUP_ROOT_SLOT});
	auto root = load_root({here});
	put(NFUP_ROOT_SLOT, root.program);
	EXPECT_TRUE(left(run(ingress, frame), 0, frame));
}

TEST_F(Core, IngressCountsAMissAndAborts)
{
	auto ingress = load("ingress", {}, {NFUP_ROOT_SLOT});
	auto outcome = run(ingress, frame);
	EXPECT_EQ(outcome.verdict, XDP_ABORTED);
	EXPECT_EQ(outcome.drops, (std::map<std::string, std::uint64_t>{{"tail-call-miss", 1}}));
	EXPECT_EQ(outcome.frame, frame);
}

TEST_F(Core, IngressFollowsTheSlot)
{
	auto ingress = load("ingress", {}, {NFUP_ROOT_SLOT});
	auto first = load_root({here}), second = load_root({elsewhere, here});
	put(NFUP_ROOT_SLOT, first.program);
	EXPECT_TRUE(left(run(ingress, frame), 0, frame));
	put(NFUP_ROOT_SLOT, second.program);
	EXPECT_TRUE(left(run(ingress, frame), 1, frame));
}

TEST_F(Core, NeitherKnowsTheContext)
{
	for (const char* name : {"ingress", "root"}) {
		auto object = load(name);
		EXPECT_EQ(bpf_object__find_map_by_name(object.object.get(), "pkt"), nullptr) << name;
	}
}

TEST_F(Core, RootPicksTheOutputOfThePort)
{
	for (unsigned port = 0; port < NFUP_MAX_OUTPUTS; port++) {
		std::vector<unsigned> ifindex(NFUP_MAX_OUTPUTS, elsewhere);
		ifindex[port] = here;
		EXPECT_TRUE(left(run(load_root(ifindex), frame), static_cast<int>(port), frame));
	}
}

TEST_F(Core, RootDropsWhatNoPortReceives)
{
	EXPECT_TRUE(dropped(run(load_root({}), frame), "no-device"));
	EXPECT_TRUE(dropped(run(load_root({elsewhere}), frame), "no-device"));
	EXPECT_TRUE(dropped(run(load_root({elsewhere, elsewhere + 1}), frame), "no-device"));
}

TEST_F(Core, RootSkipsPortsThatOnlySend)
{
	EXPECT_TRUE(left(run(load_root({0, here}), frame), 1, frame));
	EXPECT_TRUE(dropped(run(load_root({0, elsewhere}), frame), "no-device"));
}

TEST_F(Core, RootLooksNoFurtherThanItsPorts)
{
	std::array<std::uint32_t, NFUP_MAX_OUTPUTS> table{};
	table[0] = elsewhere;
	table[1] = here;
	auto root = load("root", Params().set("nfup_ports", 1u).set("nfup_ifindex", table));
	EXPECT_TRUE(dropped(run(root, frame), "no-device"));
}

} // namespace
} // namespace nfup::test
