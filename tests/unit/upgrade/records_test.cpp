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
