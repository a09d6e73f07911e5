// SPDX-License-Identifier: BSD-2-Clause
#include "loader/file_hashes.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "loader/fd.h"
#include "loader/files.h"
#include "tests/unit/temp_folder.h"

namespace nfup::loader {
namespace {

namespace fs = std::filesystem;

class FileHashesTest : public testing::Test {
protected:
	// In a run of its own.
	std::optional<std::string> hash() const { return FileHashes(ObjectCache(folder_ / "cache")).of(file()); }
	std::string file() const { return folder_ / "source.h"; }
	void write(const std::string& text) const { ASSERT_TRUE(write_file(file(), text, false)); }
	std::size_t notes() const
	{
		std::size_t count = 0;
		for (const auto& entry : fs::directory_iterator(folder_ / "cache"))
			count += entry.path().extension() == ".note";
		return count;
	}
	// Until its times are old enough to be believed.
	void settle() const
	{
		struct stat s {};
		ASSERT_EQ(stat(file().c_str(), &s), 0);
		timespec until = s.st_ctim;
		until.tv_sec++;
		until.tv_nsec += 1000;
		clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr);
	}

	const test::TempFolder temporary_;
	const fs::path& folder_ = temporary_.path;
};

TEST_F(FileHashesTest, tell_contents_apart)
{
	EXPECT_FALSE(hash());
	write("one");
	const auto one = hash();
	ASSERT_TRUE(one);
	write("two");
	const auto two = hash();
	EXPECT_NE(two, one);
	write("one");
	EXPECT_EQ(hash(), one);
	fs::remove(file());
	EXPECT_FALSE(hash());
}

TEST_F(FileHashesTest, what_was_written_just_now_is_not_kept)
{
	write("one");
	hash();
	EXPECT_EQ(notes(), 0u);
}

TEST_F(FileHashesTest, a_change_that_hides_its_size_and_time_is_seen)
{
	write("one");
	settle();
	const auto one = hash();
	EXPECT_EQ(notes(), 1u);
	EXPECT_EQ(hash(), one);

	struct stat s {};
	ASSERT_EQ(stat(file().c_str(), &s), 0);
	const Fd fd(open(file().c_str(), O_WRONLY | O_CLOEXEC)); // the same inode
	ASSERT_EQ(pwrite(fd.get(), "two", 3, 0), 3);
	const timespec times[] = {s.st_atim, s.st_mtim};
	ASSERT_EQ(futimens(fd.get(), times), 0);
	settle();
	const auto two = hash();
	ASSERT_TRUE(two);
	EXPECT_NE(two, one);
	write("two");
	EXPECT_EQ(hash(), two);
}

} // namespace
} // namespace nfup::loader
