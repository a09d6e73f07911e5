// SPDX-License-Identifier: BSD-2-Clause
// Routes: their tables, and what is wrong with one.
#include "intent/routes.h"

#include <gtest/gtest.h>

#include "bpf/lib/routes.h"
#include "intent/parse.h"
#include "intent/resolve.h"
#include "support.h"
#include "test_library.h"

namespace nfup::intent::test {
namespace {

std::string mistake(const std::vector<std::string>& texts)
{
	const auto compiled = compile_routes(texts);
	if (compiled)
		return "";
	return std::to_string(compiled.error().element) + ": " + compiled.error().message;
}

TEST(Routes, Tables)
{
	const auto compiled = compile_routes({"0/0 192.0.2.1 1", "10.1.0.0/16 0", "2001:db8::/32 fe80::1 3"});
	ASSERT_TRUE(compiled);
	EXPECT_EQ(compiled->outputs, 4);
	ASSERT_EQ(compiled->tables.size(), 2u);
	EXPECT_EQ(compiled->tables[0].name, "routes4");
	EXPECT_EQ(compiled->tables[1].name, "routes6");
	const Bytes expected4{0,  0, 0, 0, 0,  0, 0, 0, // 0/0
			      0,  0, 0, 0, 0,  0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0,
			      16, 0, 0, 0, 10, 1, 0, 0, // 10.1/16
			      0,  0, 0, 0, 0,  0, 0, 0, 0, 0, 0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
	EXPECT_EQ(compiled->tables[0].bytes, expected4);
	EXPECT_EQ(compiled->tables[1].bytes.size(), sizeof(route6_key) + sizeof(route));
	EXPECT_EQ(compiled->constant, (Bytes{2, 0, 0, 0, 1, 0, 0, 0}));
}

TEST(Routes, AsInClick)
{
	const auto bytes = [](const std::string& text) {
		return compile_routes({text})->tables[0].bytes;
	};
	EXPECT_EQ(bytes("10.0.0.0/255.0.0.0 1"), bytes("10/8 1"));
	EXPECT_EQ(bytes("10.0.0.1 1"), bytes("10.0.0.1/32 1"));
	EXPECT_EQ(bytes("10.0.0.1 0.0.0.0 1"), bytes("10.0.0.1/32 - 1"));
	EXPECT_EQ(bytes("10.0.0.1 - 1"), bytes("10.0.0.1 1"));
}

TEST(Routes, TheSameInAnyOrder)
{
	EXPECT_EQ(compile_routes({"10/8 0", "11/8 1", "10/9 1"})->tables[0].bytes,
		  compile_routes({"10/9 1", "11/8 1", "10/8 0"})->tables[0].bytes);
}

TEST(Routes, Mistakes)
{
	EXPECT_EQ(mistake({"10/8 0", "10.0.0.1/8 1"}), "1: `10.0.0.1/8` has bits behind its prefix length");
	EXPECT_EQ(mistake({"2001:db8::1/64 1"}), "0: `2001:db8::1/64` has bits behind its prefix length");
	EXPECT_EQ(mistake({"10/8 0", "11/8 0", "10.0.0.0/8 192.0.2.1 1"}),
		  "2: `10.0.0.0/8 192.0.2.1 1` and `10/8 0` are routes to the same prefix");
	EXPECT_EQ(mistake({"::/0 0", "0/0 0"}), "");
	EXPECT_EQ(mistake({"10/33 0"}), "0: `10/33` is no prefix");
	EXPECT_EQ(mistake({"10.0.0.0/255.0.255.0 0"}), "0: `10.0.0.0/255.0.255.0` is no prefix");
	EXPECT_EQ(mistake({"::ffff:10.0.0.0/104 0"}), "0: `::ffff:10.0.0.0/104` is IPv4 in the shape of IPv6");
	EXPECT_EQ(mistake({"10/8"}), "0: `10/8` is no route");
	EXPECT_EQ(mistake({"10/8 192.0.2.1 1 2"}), "0: `10/8 192.0.2.1 1 2` is no route");
	EXPECT_EQ(mistake({"10/8 192.0.2.1"}), "0: `192.0.2.1` is no output");
	EXPECT_EQ(mistake({"10/8 32"}), "0: there is no output 32");
	EXPECT_EQ(mistake({"10/8 -1"}), "0: there is no output -1");
	EXPECT_EQ(mistake({"10/8 fe80::1 0"}), "0: `fe80::1` is no IPv4 address");
	EXPECT_EQ(mistake({"2001:db8::/32 10.0.0.1 0"}), "0: `10.0.0.1` is no IPv6 address");
}

TEST(Routes, AMistakeIsShownAtItsRoute)
{
	TestLibrary library;
	ClassInfo info;
	info.name = "LookupIPRoute";
	info.outputs = {{"route", false, true}};
	info.params = {param("ROUTES", "routes", sizeof(route_program))};
	library.add(info);
	Diagnostics diagnostics;
	const auto text = "FromDevice(p) -> r :: LookupIPRoute(10/8 1,\n  10.1/8 0) -> Discard";
	resolve(parse(text, "t", diagnostics), library, diagnostics);
	EXPECT_EQ(rendered(diagnostics, text, Severity::error),
		  "t:2:3: error: r: `10.1/8` has bits behind its prefix length\n"
		  "      10.1/8 0) -> Discard\n"
		  "      ^\n"
		  "    hint: a host is written with /32 (IPv6: /128), or without a length\n");
}

} // namespace
} // namespace nfup::intent::test
