// SPDX-License-Identifier: BSD-2-Clause
#include "statemaps/where.h"

#include <gtest/gtest.h>

#include "entry_types.h"
#include "statemaps/entry_text.h"

namespace nfup::statemaps {
namespace {

const Moment now{1000'000'000'000, 5000};

class WhereTest : public testing::Test {
protected:
	WhereTest()
	{
		for (const auto& [name, text] : {std::pair{"saddr", "10.1.2.3"},
						 {"dport", "443"},
						 {"proto", "tcp"},
						 {"gate", "192.0.2.1"},
						 {"seen", "90s"},
						 {"checked", "12j"},
						 {"state", "ESTABLISHED"},
						 {"drift", "-3"},
						 {"a.mac", "02:00:00:00:00:0a"},
						 {"blob", "00ff10ab"}}) {
			const EntryField& field = **find_field(layout_, name);
			EXPECT_TRUE(parse_into(field, text, field.in_key ? key_ : value_, now)) << name;
		}
	}

	// "true", "false", or "COLUMN: MESSAGE | HINT".
	std::string of(const std::string& text)
	{
		intent::Diagnostics diagnostics;
		const Where where = Where::parse(text, layout_, diagnostics);
		const bool holds = where.holds(key_, value_, now);
		if (diagnostics.ok())
			return holds ? "true" : "false";
		EXPECT_FALSE(holds) << text;
		const auto& first = diagnostics.list().front();
		return std::to_string(first.where.column) + ": " + first.message + " | " + first.hint;
	}

	const Layout layout_ = EntryTypes().layout();
	std::uint8_t key_[EntryTypes::key_size]{}, value_[EntryTypes::value_size]{};
};

TEST_F(WhereTest, comparisons)
{
	for (const char* yes : {"dport == 443",
				"dport==443",
				"dport != 80",
				"dport > 442",
				"dport >= 443",
				"dport < 444",
				"dport <= 443",
				"proto == tcp",
				"proto == 6",
				"state == ESTABLISHED",
				"state == TCP_ESTABLISHED",
				"state > SYN_SENT",
				"saddr == 10.1.2.3",
				"saddr == 10.1.0.0/16",
				"saddr != 10.2.0.0/16",
				"saddr != fd00::/8",
				"saddr > 10.1.2.2",
				"gate == 192.0.2.0/24",
				"gate != 192.0.3.0/24",
				"seen > 1m",
				"seen < 2m",
				"seen != never",
				"seen < never",
				"checked == 12j",
				"drift == -3",
				"drift < 0",
				"a.mac == 02:00:00:00:00:0a",
				"blob == 00ff10ab",
				"dport",
				"!counts[0]",
				"saddr == 0.0.0.0/0",
				"value.drift == -3",
				"a.addr == 0.0.0.0",
				"name == ''"})
		EXPECT_EQ(of(yes), "true") << yes;
	for (const char* no : {"dport != 443", "dport < 443", "proto == udp", "saddr == 10.2.0.0/16",
			       "gate != 192.0.2.0/24", "seen > 2m", "drift > 0", "counts[0]", "saddr == fd00::1"})
		EXPECT_EQ(of(no), "false") << no;
}

TEST_F(WhereTest, and_binds_tighter_than_or)
{
	EXPECT_EQ(of("dport == 443 || dport == 80 && proto == udp"), "true");
	EXPECT_EQ(of("(dport == 443 || dport == 80) && proto == udp"), "false");
	EXPECT_EQ(of("!(dport == 443) || !(proto == udp)"), "true");
	EXPECT_EQ(of("!dport == 443"), "false");
	EXPECT_EQ(of("!!dport && ((proto == tcp))"), "true");
}

TEST_F(WhereTest, mistakes_are_named_where_they_are)
{
	struct {
		const char *text, *said;
	} cases[] = {
	    {"", "1: the expression ends where a field is expected"},
	    {"dport == ", "10: the expression ends where a value is expected"},
	    {"dport = 443", "7: a single = | write =="},
	    {"dport == 443 & proto == tcp", "14: a single &"},
	    {"dport == 443 proto == tcp", "14: `proto` is too much here"},
	    {"dprt == 443", "1: there is no field 'dprt' | did you mean dport"},
	    {"addr == 10.0.0.1", "1: 'addr' is the name of several fields | write one of value.a.addr"},
	    {"dport == 99999", "10: dport: `99999` does not fit"},
	    {"state == CLOSED", "10: state: `CLOSED` is none of"},
	    {"saddr == 10.0.0.0/33", "10: saddr: `10.0.0.0/33` is no prefix"},
	    {"gate == fd00::/8", "9: gate: `fd00::/8` is no prefix"},
	    {"saddr < 10.0.0.0/8", "9: a prefix has no order"},
	    {"saddr", "6: a comparison is missing behind `saddr` | write saddr == VALUE"},
	    {"seen", "5: a comparison is missing"},
	    {"(dport == 443", "14: a ) is missing | the ( in column 1 is open"},
	    {"dport == 443)", "13: `)` is too much here"},
	    {"dport == 'x", "10: the quote is not closed"},
	    {"dport == 443 && ;", "17: this belongs to no expression"},
	    {"== 443", "1: `==` where a field is expected"},
	    {"dport == == 443", "10: `==` where a value is expected"},
	};
	for (const auto& c : cases) {
		const std::string said = of(c.text);
		EXPECT_TRUE(said.starts_with(c.said)) << c.text << "\n  " << said;
	}
}

TEST_F(WhereTest, endless_nesting_is_refused_not_followed)
{
	EXPECT_NE(of(std::string(100000, '(')).find("too large"), std::string::npos);
	EXPECT_NE(of(std::string(100000, '!')).find("too large"), std::string::npos);
	std::string many = "dport";
	for (int i = 0; i < 20000; i++)
		many += "||dport";
	EXPECT_NE(of(many).find("too large"), std::string::npos);
}

} // namespace
} // namespace nfup::statemaps
