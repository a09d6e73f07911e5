// SPDX-License-Identifier: BSD-2-Clause
// What rules are compiled to: look-ups, entries, limits, rules that never match.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "filter_packet.h"

namespace nfup::intent::test {
namespace {

FilterMistake mistake(FilterForm form, const std::vector<std::string>& texts)
{
	const auto rules = read_rules(form, texts);
	if (!rules)
		return rules.error();
	const auto tables = compile_rules(*rules);
	if (!tables)
		return tables.error();
	ADD_FAILURE() << "no mistake found";
	return {};
}

TEST(FilterRules, Actions)
{
	const auto tables = compile(FilterForm::filter, {"allow dst port 1", "accept dst port 2", "pass dst port 3",
							 "2 dst port 4", "deny dst port 5", "drop dst port 6"});
	EXPECT_EQ(tables.program.outputs, 3u);
	const unsigned expected[] = {FILTER_NO_MATCH, 0, 0, 0, 2, FILTER_DENY, FILTER_DENY};
	for (unsigned port = 0; port < 7; ++port) {
		Packet p;
		p.dport = port;
		EXPECT_EQ(search(tables, key_of(p)), expected[port]) << port;
	}
	EXPECT_EQ(compile(FilterForm::filter, {"deny all"}).program.outputs, 1u);
	EXPECT_EQ(compile(FilterForm::classifier, {"tcp", "udp", "-"}).program.outputs, 3u);
}

TEST(FilterRules, ActionErrors)
{
	EXPECT_EQ(mistake(FilterForm::filter, {}).message, "it needs at least one rule");
	EXPECT_EQ(mistake(FilterForm::filter, {"allow tcp", "tcp dst port 80"}).message,
		  "rule 2 (`tcp dst port 80`): `tcp` is no action");
	EXPECT_EQ(mistake(FilterForm::filter, {"alow tcp"}).hint, "did you mean allow?");
	EXPECT_EQ(mistake(FilterForm::filter, {"32 tcp"}).message, "rule 1 (`32 tcp`): there is no output 32");
	EXPECT_EQ(mistake(FilterForm::filter, {"allow"}).message, "rule 1 (`allow`): no expression behind the action");
	EXPECT_EQ(mistake(FilterForm::filter, {"allow tcp dts port 80"}).message,
		  "rule 1 (`allow tcp dts port 80`), character 11: unknown word `dts`");
	EXPECT_EQ(mistake(FilterForm::classifier, std::vector<std::string>(33, "tcp")).message,
		  "33 expressions, one an output; there can be 32");
}

TEST(FilterTables, RulesOfOneShapeShareALookUp)
{
	std::vector<std::string> texts;
	for (int i = 0; i < 5000; ++i)
		texts.push_back("allow tcp dst port " + std::to_string(i % 100 + 1) + " and src net 10." +
				std::to_string(i / 100) + ".0.0/16");
	texts.push_back("deny all");
	const auto tables = compile(FilterForm::filter, texts);
	EXPECT_EQ(tables.shapes.size(), 1u);
	EXPECT_EQ(tables.entries.size(), 5000u);
	EXPECT_EQ(tables.program.otherwise, unsigned{FILTER_DENY}); // `all` costs nothing
}

TEST(FilterTables, AFewEntriesNeedNoLookUp)
{
	const auto few = compile(FilterForm::filter, {"allow tcp dst port 22 or 80", "deny udp", "allow all"});
	ASSERT_EQ(few.shapes.size(), 3u);
	for (const filter_shape& shape : few.shapes)
		EXPECT_NE(shape.action, unsigned{FILTER_HASHED});
	EXPECT_EQ(few.shapes[1].value.dport, htons(80));
	EXPECT_TRUE(few.entries.empty());

	const auto many = compile(FilterForm::filter, {"allow tcp dst port 22 or 80 or 81 or 82 or 83", "deny all"});
	ASSERT_EQ(many.shapes.size(), 1u);
	EXPECT_EQ(many.shapes[0].action, unsigned{FILTER_HASHED});
	EXPECT_EQ(many.entries.size(), 5u);
}

// One found entry ends the search where no other action can come before.
TEST(FilterTables, NeighboursOfOneActionHaveOneRank)
{
	const auto tables =
	    compile(FilterForm::filter, {"allow tcp dst port 1", "allow src net 10.0.0.0/8", "allow udp", "deny tcp"});
	ASSERT_EQ(tables.shapes.size(), 4u);
	for (int i = 0; i < 3; ++i)
		EXPECT_EQ(tables.shapes[static_cast<std::size_t>(i)].best, 0u);
	EXPECT_EQ(tables.shapes[3].best, 1u);
}

TEST(FilterTables, NegationsDoNotMultiply)
{
	EXPECT_LE(compile(FilterForm::filter, {"allow not host 10.0.0.1", "deny all"}).shapes.size(), 3u);
	EXPECT_LE(
	    compile(FilterForm::filter, {"allow tcp and not src net 10.0.0.0/8 and not dst port 22-23", "deny all"})
		.shapes.size(),
	    5u);
	EXPECT_LE(compile(FilterForm::filter, {"deny not src net 10.0.0.0/8", "allow tcp", "allow udp"}).shapes.size(),
		  6u);
}

TEST(FilterTables, RulesThatNeverMatchAreNamed)
{
	using Indices = std::vector<std::size_t>;
	EXPECT_EQ(compile(FilterForm::filter, {"allow tcp", "deny tcp dst port 80"}).idle, (Indices{1}));
	EXPECT_EQ(compile(FilterForm::filter, {"allow src port www and src port ftp", "deny all"}).idle, (Indices{0}));
	EXPECT_EQ(compile(FilterForm::filter, {"allow all", "deny tcp", "deny all"}).idle, (Indices{1, 2}));
	EXPECT_EQ(compile(FilterForm::filter, {"allow tcp", "deny all"}).idle, (Indices{}));
}

TEST(FilterTables, LimitsNameTheRule)
{
	std::vector<std::string> texts{"allow udp"};
	for (int length = 24; length >= 1; --length)
		for (int port = 0; port < 12; ++port)
			texts.push_back(std::string((port + length) % 2 ? "allow" : "deny") + " src net 10.1.1.1/" +
					std::to_string(length) + " and dst port & " +
					std::to_string(0xffff << port & 0xffff) + " 0x8000");
	const auto shapes = mistake(FilterForm::filter, texts);
	EXPECT_NE(shapes.message.find("needs look-up 257"), std::string::npos) << shapes.message;
	EXPECT_EQ(shapes.message.find("rule "), 0u);

	std::string sources = "src host 10.0.0.0", destinations = "dst host 10.0.0.0";
	for (int i = 1; i < 300; ++i) {
		sources += " or 10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
		destinations += " or 10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
	}
	const auto entries = mistake(FilterForm::filter,
				     {"allow tcp", "deny (" + sources + ") and (" + destinations + ")", "allow udp"});
	EXPECT_EQ(entries.message,
		  "rule 2 (`deny (src host 10.0.0.0 or 10.0.0.1 or 10.0.0.2 or 10.0.0.3 …`) takes the table "
		  "past 65536 entries");
}

TEST(FilterTables, EqualRulesGiveEqualBytes)
{
	const std::vector<std::string> texts{"allow tcp dst port 1-1000", "deny host 10.0.0.1", "1 udp"};
	const auto a = compile(FilterForm::filter, texts), b = compile(FilterForm::filter, texts);
	EXPECT_EQ(entry_bytes(a), entry_bytes(b));
	EXPECT_EQ(shape_bytes(a), shape_bytes(b));
	EXPECT_EQ(entry_bytes(a).size(), a.entries.size() * (sizeof(filter_key) + sizeof(filter_entry)));
}

} // namespace
} // namespace nfup::intent::test
