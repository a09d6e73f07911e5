// SPDX-License-Identifier: BSD-2-Clause
// The object cache: what is compiled when, and what a damaged file does.
#include "loader/compile.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <thread>

#include "loader/files.h"
#include "tests/unit/temp_folder.h"

namespace nfup::loader {
namespace {

namespace fs = std::filesystem;

class CompileTest : public testing::Test {
protected:
	void SetUp() override
	{
		ASSERT_TRUE(write_file(folder_ / "value.h", "#define VALUE 1\n", false));
		ASSERT_TRUE(write_file(source(), "#include \"value.h\"\nint f(void) { return VALUE; }\n", false));
	}

	fs::path source() const { return folder_ / "f.bpf.c"; }
	Compiler compiler() const { return Compiler(ObjectCache(folder_ / "cache"), {folder_}); }

	const test::TempFolder temporary_;
	const fs::path& folder_ = temporary_.path;
};

TEST_F(CompileTest, the_second_time_compiles_nothing)
{
	const auto first = compiler().compile(source());
	ASSERT_TRUE(first) << first.error().message;
	EXPECT_TRUE(first->compiled);
	const auto second = compiler().compile(source());
	ASSERT_TRUE(second);
	EXPECT_FALSE(second->compiled);
	EXPECT_EQ(first->path, second->path);
}

TEST_F(CompileTest, a_changed_header_compiles_and_going_back_does_not)
{
	const auto first = compiler().compile(source());
	ASSERT_TRUE(first);
	ASSERT_TRUE(write_file(folder_ / "value.h", "#define VALUE 2\n", false));
	const auto changed = compiler().compile(source());
	ASSERT_TRUE(changed);
	EXPECT_TRUE(changed->compiled);
	EXPECT_NE(changed->path, first->path);
	ASSERT_TRUE(write_file(folder_ / "value.h", "#define VALUE 1\n", false));
	const auto back = compiler().compile(source());
	ASSERT_TRUE(back);
	EXPECT_FALSE(back->compiled);
	EXPECT_EQ(back->path, first->path);
}

TEST_F(CompileTest, a_damaged_object_is_made_anew)
{
	const auto first = compiler().compile(source());
	ASSERT_TRUE(first);
	const auto good = read_file(first->path);
	for (const std::string& damage : {std::string(), good->substr(0, good->size() / 2), *good + "x"}) {
		ASSERT_TRUE(write_file(first->path, damage, false));
		const auto again = compiler().compile(source());
		ASSERT_TRUE(again);
		EXPECT_TRUE(again->compiled);
		EXPECT_EQ(*read_file(again->path), *good);
	}
}

TEST_F(CompileTest, a_mistake_is_shown_in_clangs_words)
{
	ASSERT_TRUE(write_file(source(), "int f(void) { return x; }\n", false));
	const auto refused = compiler().compile(source());
	ASSERT_FALSE(refused);
	EXPECT_EQ(refused.error().kind, ErrorKind::intent);
	EXPECT_NE(refused.error().message.find("use of undeclared identifier 'x'"), std::string::npos);
	EXPECT_NE(refused.error().message.find("f.bpf.c:1:"), std::string::npos);
}

TEST_F(CompileTest, two_at_once_both_get_the_object)
{
	Result<Object> one, two;
	{
		std::jthread other([&] { one = compiler().compile(source()); });
		two = compiler().compile(source());
	}
	ASSERT_TRUE(one) << one.error().message;
	ASSERT_TRUE(two) << two.error().message;
	EXPECT_EQ(one->path, two->path);
	EXPECT_TRUE(read_file(one->path));
}

TEST_F(CompileTest, a_cache_that_cannot_be_written_is_replaced_by_the_users_own)
{
	// A file where the folder should be: not even root can make a folder there.
	ASSERT_TRUE(write_file(folder_ / "file", "", false));
	const auto object = Compiler(ObjectCache(folder_ / "file/cache"), {folder_}).compile(source());
	ASSERT_TRUE(object) << object.error().message;
	EXPECT_FALSE(object->path.string().starts_with(folder_.string()));
}

} // namespace
} // namespace nfup::loader
