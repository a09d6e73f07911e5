// SPDX-License-Identifier: BSD-2-Clause
// Lists of neighbours and of devices, and what is wrong with one.
#include "intent/neighbours.h"

#include <gtest/gtest.h>

#include <cstring>

#include "bpf/lib/devices.h"
#include "intent/parse.h"
#include "intent/resolve.h"
#include "support.h"
#include "test_library.h"

namespace nfup::intent::test {
namespace {

std::string mistake(const std::vector<std::string>& texts)
{
	const auto compiled = compile_neighbours(texts);
	if (compiled)
		return "";
	return std::to_string(compiled.error().element) + ": " + compiled.error().message;
}

TEST(Neighbours, Table)
{
	const auto compiled = compile_neighbours({"2001:db8::1 02:00:00:00:00:06", "10.0.0.1 2-0-0-0-0-1"});
	ASSERT_TRUE(compiled);
	EXPECT_EQ(compiled->constant, (Bytes{2, 0, 0, 0}));
	EXPECT_EQ(compiled->outputs, -1);
	ASSERT_EQ(compiled->tables.size(), 1u);
	EXPECT_EQ(compiled->tables[0].name, "neighbours");
	const Bytes expected{0,    0,    0,    0,    0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0,
			     0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0,   0,   0,  0, 0, 1, 2, 0, 0, 0, 0, 6, 0, 0};
	EXPECT_EQ(compiled->tables[0].bytes, expected);
}

TEST(Neighbours, Mistakes)
{
	EXPECT_EQ(mistake({"10.0.0.1 02:00:00:00:00:01", "10.0.0.1"}), "1: `10.0.0.1` is no neighbour");
	EXPECT_EQ(mistake({"10.0.0 02:00:00:00:00:01"}), "0: `10.0.0` is no IP address");
	EXPECT_EQ(mistake({"10.0.0.1 02:00:00:00:00"}), "0: `02:00:00:00:00` is no Ethernet address");
	EXPECT_EQ(mistake({"10.0.0.1 02:00:00:00:00:01", "10.0.0.1 02:00:00:00:00:02"}),
		  "1: `10.0.0.1` has an Ethernet address already");
}

class Devices : public testing::Test {
protected:
	Devices()
	{
		ClassInfo info;
		info.name = "LookupFIB";
		info.outputs = {{"host", false, false}, {"port", false, true}};
		info.params = {param("DEVICES", "devices", sizeof(device_list))};
		library_.add(info);
	}
	Resolved check(const std::string& text)
	{
		const Resolved nf = resolve(parse(text, "t", diagnostics_), library_, diagnostics_);
		said_ = rendered(diagnostics_, text, Severity::error);
		return nf;
	}
	TestLibrary library_;
	Diagnostics diagnostics_;
	std::string said_;
};

TEST_F(Devices, AnOutputEachBehindTheFixedOnes)
{
	const Resolved nf =
	    check("FromDevice(p1) -> f :: LookupFIB(p2, p1) -> Discard; f[1] -> Discard; f[2] -> Discard");
	EXPECT_EQ(said_, "");
	for (const ResolvedNode& node : nf.nodes)
		if (node.name == "f") {
			EXPECT_EQ(node.out.size(), 3u);
			device_list list;
			ASSERT_EQ(node.values[0].size(), sizeof list);
			std::memcpy(&list, node.values[0].data(), sizeof list);
			EXPECT_EQ(list.count, 2u);
			EXPECT_EQ(list.port[0], 1u);
			EXPECT_EQ(list.port[1], 0u);
		}
}

TEST_F(Devices, OneTwice)
{
	check("FromDevice(p1) -> f :: LookupFIB(p2, p1, p2) -> Discard");
	EXPECT_NE(said_.find("t:1:42: error: f: `p2` is given twice"), std::string::npos) << said_;
}

} // namespace
} // namespace nfup::intent::test
