// SPDX-License-Identifier: BSD-2-Clause
// Constants in records: written as hex digits, read back the same; lists of
// numbers are read too.
#include <gtest/gtest.h>

#include "upgrade/records.h"

namespace nfup::loader {
namespace {

TEST(Records, ConstantsComeBack)
{
	Constant all{"filter_entries", {}};
	for (int i = 0; i < 256; ++i)
		all.bytes.push_back(static_cast<std::uint8_t>(i));
	for (const Constant& constant : {all, Constant{"EMPTY", {}}}) {
		const nlohmann::json json = constant;
		const auto back = nlohmann::json::parse(json.dump()).get<Constant>();
		EXPECT_EQ(back.variable, constant.variable);
		EXPECT_EQ(back.bytes, constant.bytes);
	}
	EXPECT_EQ(nlohmann::json(Constant{"X", {0x0f, 0xa0}}).dump(), R"({"bytes":"0fa0","variable":"X"})");
}

TEST(Records, ListsOfNumbersAreRead)
{
	const auto constant = nlohmann::json::parse(R"({"variable":"X","bytes":[15,160]})").get<Constant>();
	EXPECT_EQ(constant.bytes, (std::vector<std::uint8_t>{0x0f, 0xa0}));
}

TEST(Records, OtherTextIsRefused)
{
	for (const char* bytes : {"0g", "zz", "-1", "000"})
		EXPECT_THROW(nlohmann::json({{"variable", "X"}, {"bytes", bytes}}).get<Constant>(),
			     nlohmann::json::exception)
		    << bytes;
}

} // namespace
} // namespace nfup::loader

namespace nfup::upgrade {
namespace {

TEST(Records, HostedProgramsComeBack)
{
	NfRecord record{.name = "fw", .mode = "native", .bpffs = "/b", .ports = {{"p1", "eth0", 7}}, .current = 1};
	EXPECT_FALSE(nlohmann::json(record).contains("hosted"));
	record.hosted["p1"] = {"attached", "filter", 12, 7, "netlink", "generic"};
	const auto back = nlohmann::json::parse(nlohmann::json(record).dump()).get<NfRecord>();
	ASSERT_TRUE(back.hosted.contains("p1"));
	const Hosted& hosted = back.hosted.at("p1");
	EXPECT_EQ(hosted.origin, "attached");
	EXPECT_EQ(hosted.name, "filter");
	EXPECT_EQ(hosted.prog_id, 12U);
	EXPECT_EQ(hosted.ifindex, 7);
	EXPECT_EQ(hosted.way, "netlink");
	EXPECT_EQ(hosted.mode, "generic");
}

} // namespace
} // namespace nfup::upgrade
