// SPDX-License-Identifier: BSD-2-Clause
// Guards: what the language takes and how it refuses the rest; what they say of
// traffic before and after.
#include <gtest/gtest.h>

#include "upgrade/guard.h"

namespace nfup::upgrade {
namespace {

// An NF of a, which drops, and out, where packets leave.
Window window(std::uint64_t in, std::uint64_t dropped, double seconds = 1, std::uint64_t missed = 0)
{
	Window w{.seconds = seconds};
	w.nodes["ingress"].packets = in;
	w.nodes["a"].packets = in;
	w.nodes["a"].drops[NFUP_DROP_DENIED] = dropped;
	w.nodes["a"].drops[NFUP_DROP_TAIL_CALL_MISS] = missed;
	w.nodes["out"].packets = in - dropped - missed;
	w.nodes["out"].last = true;
	return w;
}

Guard guard(const std::string& text)
{
	auto guards = parse_guards(text);
	EXPECT_TRUE(guards && guards->size() == 1) << text;
	return guards ? guards->front() : Guard{};
}

Verdict judged(const std::string& text, const Window& before, const Window& during, bool final = true)
{
	return judge(guard(text), {before, before}, during, final);
}

void expect_refused(const std::string& text, int column, const std::string& says)
{
	const auto guards = parse_guards(text);
	ASSERT_FALSE(guards) << text;
	EXPECT_EQ(guards.error().kind, ErrorKind::intent);
	EXPECT_NE(guards.error().message.find("column " + std::to_string(column) + ":"), std::string::npos)
	    << guards.error().message;
	EXPECT_NE((guards.error().message + guards.error().hint).find(says), std::string::npos)
	    << guards.error().message << "\n"
	    << guards.error().hint;
}

TEST(Guard, Parses)
{
	const auto guards = parse_guards(" drops<1% ,misses == 0, a/b@2.drops.bad-ip-checksum <= before - 0.5%,"
					 "packets > before * 50%, Strip.packets >= 1000, drops.denied < before");
	ASSERT_TRUE(guards) << guards.error().message;
	ASSERT_EQ(guards->size(), 6u);
	const auto& list = *guards;
	EXPECT_EQ(list[0].text, "drops<1%");
	EXPECT_EQ(list[0].metric, Guard::Metric::drops);
	EXPECT_EQ(list[0].op, Guard::Op::less);
	EXPECT_DOUBLE_EQ(list[0].offset, 0.01);
	EXPECT_FALSE(list[0].relative);
	EXPECT_EQ(list[1].metric, Guard::Metric::misses);
	EXPECT_EQ(list[1].op, Guard::Op::equal);
	EXPECT_EQ(list[2].node, "a/b@2");
	EXPECT_EQ(list[2].reason, NFUP_DROP_BAD_IP_CHECKSUM);
	EXPECT_TRUE(list[2].relative);
	EXPECT_DOUBLE_EQ(list[2].offset, -0.005);
	EXPECT_EQ(list[3].metric, Guard::Metric::packets);
	EXPECT_DOUBLE_EQ(list[3].factor, 0.5);
	EXPECT_EQ(list[4].node, "Strip");
	EXPECT_DOUBLE_EQ(list[4].offset, 1000);
	EXPECT_EQ(list[5].reason, NFUP_DROP_DENIED);
	EXPECT_TRUE(list[5].node.empty());
}

TEST(Guard, ANodeMayHaveAnyName)
{
	EXPECT_EQ(guard("drops.drops < 1%").node, "drops");
	EXPECT_EQ(guard("misses.packets > 1").node, "misses");
}

TEST(Guard, DefaultsParse)
{
	EXPECT_TRUE(parse_guards(default_guards));
}

TEST(Guard, RefusesWithTheColumn)
{
	expect_refused("", 1, "missing");
	expect_refused("drops 1%", 7, "no comparison");
	expect_refused("drops <", 8, "limit is missing");
	expect_refused("drops < x", 9, "no limit");
	expect_refused("drops < -1%", 9, "no limit");
	expect_refused("drops < 1", 9, "percentage");
	expect_refused("drops < 101%", 9, "100%");
	expect_refused("misses == 1%", 11, "of what");
	expect_refused("packets > before - 50%", 20, "before * 50%");
	expect_refused("misses == before", 11, "no before");
	expect_refused("drops == before", 7, "< or >");
	expect_refused("drops == 3%", 7, "< or >");
	expect_refused("losses < 1%", 1, "no figure 'losses'");
	expect_refused("Strip.bytes > 1", 7, "no 'bytes'");
	expect_refused("drops.dennied < 1%", 7, "did you mean denied");
	expect_refused("drops < 1% misses == 0", 12, "too much");
	expect_refused("drops < 1%,", 12, "missing");
}

TEST(Guard, NodesMustBeThere)
{
	EXPECT_TRUE(check_nodes({guard("Strip.drops < 1%"), guard("drops < 1%")}, {"Strip"}));
	const auto checked = check_nodes({guard("Strp.drops < 1%")}, {"Strip", "out"});
	ASSERT_FALSE(checked);
	EXPECT_NE(checked.error().hint.find("Strip"), std::string::npos);
}

TEST(Guard, FixedShares)
{
	const Window none;
	EXPECT_TRUE(judged("drops < 1%", none, window(10000, 99)).ok);
	const auto over = judged("drops < 1%", none, window(10000, 101));
	EXPECT_FALSE(over.ok);
	EXPECT_DOUBLE_EQ(*over.value, 1.01);
	EXPECT_DOUBLE_EQ(*over.limit, 1);
	EXPECT_NE(over.note.find("most at a: denied, 101 packets"), std::string::npos) << over.note;
	EXPECT_FALSE(judged("drops < 1%", none, window(10000, 100)).ok);
	EXPECT_TRUE(judged("drops <= 1%", none, window(10000, 100)).ok);
	EXPECT_FALSE(judged("a.drops.denied < 1%", none, window(10000, 101)).ok);
	EXPECT_TRUE(judged("a.drops.truncated < 1%", none, window(10000, 101)).ok);
	EXPECT_TRUE(judged("out.drops == 0", none, window(10000, 101)).ok);
	EXPECT_FALSE(judged("drops == 0", none, window(1000000, 1)).ok);
	EXPECT_FALSE(judged("forwarded > 99%", none, window(10000, 101)).ok);
	EXPECT_TRUE(judged("forwarded > 98%", none, window(10000, 101)).ok);
}

TEST(Guard, APacketThatVanishesIsNotForwarded)
{
	Window w = window(10000, 0);
	w.nodes["out"].packets = 9000; // 1000 went without a counted drop
	EXPECT_TRUE(judged("drops < 1%", {}, w).ok);
	EXPECT_FALSE(judged("forwarded > before - 1%", window(10000, 0), w).ok);
}

TEST(Guard, ABlurredPictureProvesLittle)
{
	Window during = window(10000, 0);
	during.nodes["out"].packets = 9800;
	EXPECT_FALSE(judged("forwarded > 99%", {}, during).ok);
	during.blur = 200;
	EXPECT_TRUE(judged("forwarded > 99%", {}, during).ok);
	EXPECT_FALSE(judged("forwarded > 99%", {}, between({.blur = 10}, window(10000, 200))).ok);
	during.nodes["a"].drops[NFUP_DROP_DENIED] = 1;
	EXPECT_FALSE(judged("drops == 0", {}, during).ok);
}

TEST(Guard, FewPacketsProveLittle)
{
	EXPECT_TRUE(judged("drops < 1%", {}, window(10, 1)).ok);
	EXPECT_EQ(judged("drops < 1%", {}, window(10, 1)).note, "hardly tested: 10 packets in 1 s");
	EXPECT_FALSE(judged("drops < 1%", {}, window(10, 10)).ok);
	// in the middle of the watch too
	EXPECT_TRUE(judged("drops < 1%", {}, window(1000, 15), false).ok);
	EXPECT_FALSE(judged("drops < 1%", {}, window(1000, 15), true).ok);
	EXPECT_FALSE(judged("drops < 1%", {}, window(1000, 100), false).ok);
}

TEST(Guard, ComparesWithBefore)
{
	const Window always = window(100000, 30000); // a firewall that drops 30 %
	EXPECT_TRUE(judged("drops < before + 1%", always, window(100000, 30900)).ok);
	const auto over = judged("drops < before + 1%", always, window(100000, 32000));
	EXPECT_FALSE(over.ok);
	EXPECT_DOUBLE_EQ(*over.before, 30);
	EXPECT_GT(*over.limit, 31);
	EXPECT_LT(*over.limit, 32);
	// two samples of the same traffic are never quite equal
	EXPECT_TRUE(judged("drops < before + 1%", window(1000, 300), window(1000, 330)).ok);
	EXPECT_FALSE(judged("drops < before * 1.5", window(100000, 1000), window(100000, 2000)).ok);
	EXPECT_TRUE(judged("drops < before", window(1000, 0), window(1000, 0)).ok);
	EXPECT_FALSE(judged("forwarded > before - 1%", window(100000, 0), window(100000, 5000)).ok);
}

TEST(Guard, TooLittleRightBeforeMeansTheLifetime)
{
	const Guard compares = guard("drops < before + 1%");
	const Before before{window(3, 0), window(100000, 30000)};
	EXPECT_TRUE(judge(compares, before, window(100000, 30500), true).ok);
	const Before busy{window(1000, 0), window(100000, 30000)};
	EXPECT_FALSE(judge(compares, busy, window(100000, 30500), true).ok);
}

TEST(Guard, NothingToCompare)
{
	const auto idle = judged("drops < 1%", window(1000, 0), window(0, 0, 5));
	EXPECT_TRUE(idle.ok);
	EXPECT_FALSE(idle.value);
	EXPECT_EQ(idle.note, "not tested: no packets in 5 s");
	const auto fresh = judged("drops < before + 1%", {}, window(1000, 500));
	EXPECT_TRUE(fresh.ok);
	EXPECT_EQ(fresh.note, "not tested: no packets before");
}

TEST(Guard, MissesBreakAtOnce)
{
	EXPECT_TRUE(judged("misses == 0", {}, window(0, 0), false).ok);
	const auto missed = judged("misses == 0", {}, window(1000000, 0, 0.1, 1), false);
	EXPECT_FALSE(missed.ok);
	EXPECT_NE(missed.note.find("tail-call-miss"), std::string::npos);
	EXPECT_TRUE(judged("misses < 2", {}, window(1000, 0, 1, 1)).ok);
}

TEST(Guard, RatesAreForTheEnd)
{
	EXPECT_TRUE(judged("packets > 500", {}, window(10, 0, 1), false).ok);
	EXPECT_FALSE(judged("packets > 500", {}, window(10, 0, 1), true).ok);
	EXPECT_FALSE(judged("packets > before * 50%", window(2000, 0, 2), window(900, 0, 2)).ok);
	EXPECT_TRUE(judged("packets > before * 50%", window(2000, 0, 2), window(1100, 0, 2)).ok);
	EXPECT_FALSE(judged("a.packets < 5", {}, window(100, 0, 2)).ok);
}

TEST(Guard, WindowsAreDifferences)
{
	Window earlier = window(1000, 10, 3), later = window(1500, 30, 5);
	later.nodes["new"].packets = 7;
	const Window during = between(earlier, later);
	EXPECT_EQ(during.packets(), 500u);
	EXPECT_EQ(during.packets("new"), 7u);
	EXPECT_EQ(during.packets("gone"), 0u);
	EXPECT_EQ(during.nodes.at("a").drops[NFUP_DROP_DENIED], 20u);
	EXPECT_DOUBLE_EQ(during.seconds, 2);
	EXPECT_TRUE(during.nodes.at("out").last);
}

} // namespace
} // namespace nfup::upgrade
