// SPDX-License-Identifier: BSD-2-Clause
// Paint and the switches: which output, and how evenly.
#include <cmath>

#include "flow.h"
#include "harness.h"

namespace nfup::test {
namespace {

class Switches : public NodeTest {
protected:
	const Bytes frame = Ethernet{} / IPv4{} / UDP{};

	// The first `connected` outputs are.
	static std::vector<unsigned> outputs(unsigned connected)
	{
		std::vector<unsigned> out(NFUP_MAX_OUTPUTS, no_slot);
		for (unsigned i = 0; i < connected; i++)
			out[i] = first_exit_slot + i;
		return out;
	}
	static pkt of_flow(const std::string& from, const std::string& to, unsigned sport, unsigned dport)
	{
		pkt context{};
		context.flow = flow(from, sport, to, dport, 6);
		return context;
	}
	// Five standard deviations of a fair choice.
	static void expect_even(const std::vector<unsigned>& counts, unsigned packets)
	{
		const double share = 1.0 / static_cast<double>(counts.size());
		for (const unsigned count : counts)
			EXPECT_NEAR(count, packets * share, 5 * std::sqrt(packets * share * (1 - share)));
	}
};

TEST_F(Switches, PaintIsWhatPaintSwitchLooksAt)
{
	auto paint = load("Paint", Params().set("COLOR", std::uint8_t{2}));
	auto painted = run(paint, frame);
	EXPECT_TRUE(left(painted, 0, frame));
	EXPECT_EQ(painted.context.paint, 2);

	auto node = load("PaintSwitch", {}, outputs(3));
	for (unsigned color = 0; color < 256; color++) {
		pkt context{};
		context.paint = static_cast<__u8>(color);
		auto outcome = run(node, frame, context);
		if (color < 3)
			EXPECT_TRUE(left(outcome, static_cast<int>(color), frame));
		else
			EXPECT_TRUE(dropped(outcome, "unconnected")) << color;
	}
}

TEST_F(Switches, SwitchIsThrown)
{
	for (unsigned output = 0; output < NFUP_MAX_OUTPUTS; output++)
		EXPECT_TRUE(
		    left(run(load("Switch", Params().set("OUTPUT", output)), frame), static_cast<int>(output), frame));
	EXPECT_TRUE(dropped(run(load("Switch", Params().set("OUTPUT", 2u), outputs(2)), frame), "unconnected"));
}

TEST_F(Switches, RoundRobinSwitchTakesTurns)
{
	for (const unsigned n : {1u, 3u, 32u}) {
		auto node = load("RoundRobinSwitch", {}, outputs(n));
		for (unsigned i = 0; i < 2 * n + 1; i++)
			EXPECT_EQ(run(node, frame).output, static_cast<int>(i % n)) << n;
	}
}

TEST_F(Switches, RandomSwitchIsEven)
{
	for (const unsigned n : {1u, 2u, 7u}) {
		auto node = load("RandomSwitch", {}, outputs(n));
		std::vector<unsigned> counts(n);
		for (int i = 0; i < 4000; i++)
			counts.at(static_cast<std::size_t>(run(node, frame).output.value()))++;
		expect_even(counts, 4000);
	}
}

TEST_F(Switches, RandomSampleKeepsToItsProbability)
{
	for (const double probability : {0.0, 0.1, 0.5, 1.0}) {
		auto node =
		    load("RandomSample", Params().set("P", static_cast<std::uint64_t>(std::ldexp(probability, 32))));
		unsigned sampled = 0;
		for (int i = 0; i < 4000; i++)
			sampled += run(node, frame).output == 0;
		EXPECT_NEAR(sampled, 4000 * probability, 5 * std::sqrt(4000 * probability * (1 - probability)));
	}
	EXPECT_TRUE(
	    dropped(run(load("RandomSample", Params().set("P", std::uint64_t{0}), outputs(1)), frame), "discard"));
}

TEST_F(Switches, HashSwitchKeepsAFlowAndItsRepliesTogether)
{
	auto node = load("HashSwitch", {}, outputs(5));
	std::vector<unsigned> counts(5);
	for (unsigned i = 0; i < 4000; i++) {
		const std::string client = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
		const pkt there = of_flow(client, "192.0.2.1", 1024 + i * 7, 443),
			  back = of_flow("192.0.2.1", client, 443, 1024 + i * 7);
		const int output = run(node, frame, there).output.value();
		EXPECT_EQ(run(node, frame, back).output, output) << client;
		counts.at(static_cast<std::size_t>(output))++;
	}
	expect_even(counts, 4000);
}

TEST_F(Switches, HashSwitchSpreadsWhatDiffersInOnePlaceOnly)
{
	auto node = load("HashSwitch", {}, outputs(4));
	std::vector<unsigned> by_port(4), by_address(4), by_both(4);
	for (unsigned i = 0; i < 2000; i++) {
		const std::string low = std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
		by_port.at(static_cast<std::size_t>(
		    run(node, frame, of_flow("10.0.0.1", "10.0.0.2", 1024 + i, 80)).output.value()))++;
		by_address.at(static_cast<std::size_t>(
		    run(node, frame, of_flow("10.0." + low, "10.9.9.9", 80, 80)).output.value()))++;
		// Source and destination differ alike, as in a mesh of machines.
		by_both.at(static_cast<std::size_t>(
		    run(node, frame, of_flow("10.0." + low, "10.1." + low, 80, 80)).output.value()))++;
	}
	expect_even(by_port, 2000);
	expect_even(by_address, 2000);
	expect_even(by_both, 2000);
}

TEST_F(Switches, HashSwitchSendsAllPartsOfADatagramTheSameWay)
{
	auto node = load("HashSwitch", {}, outputs(32));
	for (unsigned i = 0; i < 200; i++) {
		pkt first = of_flow("10.0.0.1", "10.0.0.2", 1000 + i, 53),
		    later = of_flow("10.0.0.1", "10.0.0.2", 0, 0);
		first.flags = PKT_FRAGMENT | PKT_HAS_PORTS;
		later.flags = PKT_FRAGMENT | PKT_LATER_FRAGMENT;
		EXPECT_EQ(run(node, frame, first).output, run(node, frame, later).output);
	}
}

} // namespace
} // namespace nfup::test
