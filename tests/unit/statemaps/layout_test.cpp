// SPDX-License-Identifier: BSD-2-Clause
#include "statemaps/layout.h"

#include <gtest/gtest.h>

#include "entry_types.h"

namespace nfup::statemaps {
namespace {

TEST(Layout, typedefs_say_what_a_field_means)
{
	const Layout layout = EntryTypes().layout();
	const auto meaning = [&](const char* name) {
		const auto field = find_field(layout, name);
		return field ? (*field)->meaning : Meaning::kernel;
	};
	EXPECT_EQ(meaning("saddr"), Meaning::address);
	EXPECT_EQ(meaning("gate"), Meaning::address4);
	EXPECT_EQ(meaning("proto"), Meaning::proto);
	EXPECT_EQ(meaning("dport"), Meaning::number);
	EXPECT_EQ(meaning("seen"), Meaning::time);
	EXPECT_EQ(meaning("checked"), Meaning::jiffies);
	EXPECT_EQ(meaning("state"), Meaning::named);
	EXPECT_EQ(meaning("a.mac"), Meaning::mac);
	EXPECT_EQ(meaning("blob"), Meaning::bytes);
	EXPECT_EQ(meaning("name"), Meaning::text);
	EXPECT_TRUE((*find_field(layout, "dport"))->big_endian);
	EXPECT_FALSE((*find_field(layout, "counts[1]"))->big_endian);
	EXPECT_TRUE((*find_field(layout, "value.zero"))->filling);
	EXPECT_EQ((*find_field(layout, "b.port"))->offset, 32u);
	EXPECT_EQ((*find_field(layout, "counts[1]"))->offset, 62u);
}

TEST(Layout, names_are_found_by_their_end_when_only_one_ends_so)
{
	const Layout layout = EntryTypes().layout();
	EXPECT_EQ((*find_field(layout, "value.a.addr"))->path, "value.a.addr");
	EXPECT_EQ((*find_field(layout, "a.addr"))->path, "value.a.addr");
	for (const char* name : {"addr", "zero"}) {
		const auto several = find_field(layout, name);
		ASSERT_FALSE(several) << name;
		EXPECT_NE(several.error().message.find("several"), std::string::npos);
	}
	EXPECT_EQ(find_field(layout, "addr").error().hint, "write one of value.a.addr, value.b.addr");
	const auto none = find_field(layout, "stat");
	ASSERT_FALSE(none);
	EXPECT_NE(none.error().hint.find("state"), std::string::npos);
}

TEST(Layout, fields_survive_a_file)
{
	for (const EntryField& field : EntryTypes().layout().fields) {
		const nlohmann::json json = field;
		EntryField again = json.get<EntryField>();
		std::ranges::sort(again.names, {},
				  &std::pair<std::string, std::int64_t>::second); // objects have no order
		EXPECT_EQ(again, field) << json;
	}
}

TEST(Layout, fields_that_cannot_be_are_refused)
{
	using nlohmann::json;
	for (const char* bad :
	     {R"({})", R"({"path":"key","meaning":"x","offset":0,"size":4})",
	      R"({"path":"key","meaning":"address","offset":0,"size":4})",
	      R"({"path":"key","meaning":"number","offset":0,"size":9})",
	      R"({"path":"key","meaning":"number","offset":-1,"size":"4"})",
	      R"({"path":"key","meaning":"number","offset":0,"size":0})",
	      R"({"path":"key","meaning":"number","offset":0,"size":1,"bit":7,"bits":9})", R"([])", R"(3)"})
		EXPECT_THROW(json::parse(bad).get<EntryField>(), json::exception) << bad;
}

} // namespace
} // namespace nfup::statemaps
