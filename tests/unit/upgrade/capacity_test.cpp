// SPDX-License-Identifier: BSD-2-Clause
// CAPACITY: how many entries a state has room for, as the nodes of an intent say.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "statemaps/queue.h"
#include "upgrade/build.h"
#include "tests/unit/temp_folder.h"

namespace nfup::upgrade {
namespace {

namespace fs = std::filesystem;

class Capacity : public testing::Test {
protected:
	// A whitelist with these arguments, and a second one behind it.
	Checked whitelist(const std::string& read, const std::string& write, const std::string& second = "ReadWL")
	{
		loader::Library library({*loader::find_bpf_folder(), {}, cache_});
		const std::string text = "FromDevice(p1) -> Strip(14) -> CheckIPHeader -> a :: ReadWL(" + read +
					 ");\na[0] -> out :: ToDevice(p1);\na[1] -> b :: WriteWL(" + write +
					 ") -> c :: " + second + ";\nc[0] -> out;\nc[1] -> out;\n";
		return check(text, "test.click", library, diagnostics_);
	}
	std::string said() const
	{
		std::string text;
		for (const auto& diagnostic : diagnostics_.list())
			text += diagnostic.message + "\n";
		return text;
	}

	const test::TempFolder temporary_;
	const fs::path& cache_ = temporary_.path;
	intent::Diagnostics diagnostics_;
};

TEST_F(Capacity, without_it_a_state_is_as_declared)
{
	const auto checked = whitelist("", "");
	ASSERT_TRUE(diagnostics_.ok()) << said();
	EXPECT_EQ(checked.maps.state.at("WL").schema.max_entries, 65536u);
}

TEST_F(Capacity, one_node_is_enough_and_the_queue_grows_along)
{
	const auto plain = whitelist("", "");
	const auto checked = whitelist("", "CAPACITY 1000");
	ASSERT_TRUE(diagnostics_.ok()) << said();
	EXPECT_EQ(checked.maps.state.at("WL").schema.max_entries, 1000u);
	EXPECT_EQ(checked.maps.state.at("FSM").schema.max_entries, plain.maps.state.at("FSM").schema.max_entries);
	const std::string queue = statemaps::queue_of("WL");
	const auto ratio = plain.maps.state.at(queue).schema.max_entries / plain.maps.state.at("WL").schema.max_entries;
	EXPECT_EQ(checked.maps.state.at(queue).schema.max_entries, 1000 * ratio);
	EXPECT_NE(checked.maps.state.at("WL").schema.hash(), plain.maps.state.at("WL").schema.hash());
}

TEST_F(Capacity, nodes_that_say_the_same_agree)
{
	const auto checked = whitelist("CAPACITY 64k", "CAPACITY 65536");
	ASSERT_TRUE(diagnostics_.ok()) << said();
	EXPECT_EQ(checked.maps.state.at("WL").schema.max_entries, 65536u);
}

TEST_F(Capacity, nodes_that_do_not_agree_are_both_named)
{
	whitelist("CAPACITY 1000", "", "ReadWL(CAPACITY 2000)");
	EXPECT_FALSE(diagnostics_.ok());
	EXPECT_NE(said().find("c asks for 2000 entries of the state WL, a for 1000"), std::string::npos) << said();
}

TEST_F(Capacity, it_is_written_by_name_and_for_atoms_alone)
{
	whitelist("5s, 5s, 1000", "");
	EXPECT_NE(said().find("one too many"), std::string::npos) << said();
	diagnostics_ = {};
	whitelist("", "CAPACITY 0");
	EXPECT_NE(said().find("outside"), std::string::npos) << said();
	loader::Library library({*loader::find_bpf_folder(), {}, cache_});
	intent::Diagnostics diagnostics;
	check("FromDevice(p1) -> Strip(14, CAPACITY 5) -> ToDevice(p1);", "test.click", library, diagnostics);
	EXPECT_FALSE(diagnostics.ok());
}

} // namespace
} // namespace nfup::upgrade
