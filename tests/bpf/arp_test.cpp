// SPDX-License-Identifier: BSD-2-Clause
// ARPResponder.
#include "harness.h"
#include "samples.h"

namespace nfup::test {
namespace {

using Ip = std::array<std::uint8_t, 4>;

struct Arp {
	std::uint8_t operation = 1;
	Mac sender{2, 0, 0, 0, 0, 9};
	Ip sender_ip{192, 0, 2, 99};
	Mac target{};
	Ip target_ip{192, 0, 2, 5};
};

Bytes frame(const Mac& dst, const Mac& src, const Arp& a, std::size_t padding = 18)
{
	Bytes body{0, 1, 8, 0, 6, 4, 0, a.operation};
	body.insert(body.end(), a.sender.begin(), a.sender.end());
	body.insert(body.end(), a.sender_ip.begin(), a.sender_ip.end());
	body.insert(body.end(), a.target.begin(), a.target.end());
	body.insert(body.end(), a.target_ip.begin(), a.target_ip.end());
	body.resize(body.size() + padding);
	return Ethernet{.dst = dst, .src = src, .type = std::uint16_t{0x0806}} / Payload(body);
}

const Mac broadcast{255, 255, 255, 255, 255, 255}, asker{2, 0, 0, 0, 0, 9}, ours{2, 0, 0, 0, 1, 1};

class ArpResponder : public NodeTest {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (!IsSkipped() && !HasFatalFailure())
			node_ = load("ARPResponder", sample_params("ARPResponder")); // 192.0.2.0/28
	}
	Object node_;
};

TEST_F(ArpResponder, AnswersForItsAddresses)
{
	for (std::uint8_t last : std::vector<std::uint8_t>{0, 5, 15}) {
		const Ip asked{192, 0, 2, last};
		auto outcome = run(node_, frame(broadcast, asker, {.target_ip = asked}));
		EXPECT_EQ(outcome.output, 0);
		EXPECT_EQ(outcome.frame, frame(asker, ours, {2, ours, asked, asker, {192, 0, 2, 99}}));
	}
}

TEST_F(ArpResponder, LeavesTheRestAlone)
{
	std::vector<Bytes> others{
	    frame(broadcast, asker, {.target_ip = {192, 0, 2, 16}}),
	    frame(broadcast, asker, {.operation = 2}),
	    frame(broadcast, asker, {.sender_ip = {192, 0, 2, 5}}), // announces itself
	    Ethernet{} / IPv4{} / UDP{},
	};
	for (std::size_t i = 14; i < 20; i++) { // another kind of ARP
		others.push_back(frame(broadcast, asker, {}));
		others.back()[i] = static_cast<std::uint8_t>(others.back()[i] ^ 0x10);
	}
	for (const Bytes& other : others)
		EXPECT_TRUE(left(run(node_, other), 1, other));
	auto lone = load("ARPResponder", sample_params("ARPResponder"), {first_exit_slot, no_slot});
	EXPECT_TRUE(dropped(run(lone, others[0]), "no-match"));
}

TEST_F(ArpResponder, EveryPrefix)
{
	const Bytes whole = frame(broadcast, asker, {}, 0);
	for (std::size_t size = 14; size < whole.size(); size++) {
		const Bytes prefix(whole.begin(), whole.begin() + static_cast<long>(size));
		EXPECT_TRUE(left(run(node_, prefix), 1, prefix)) << size;
	}
	EXPECT_EQ(run(node_, whole).output, 0);
}

} // namespace
} // namespace nfup::test
