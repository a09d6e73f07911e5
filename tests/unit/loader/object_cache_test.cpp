// SPDX-License-Identifier: BSD-2-Clause
// The cache keeps to its limit, and gives up what was not used for longest.
#include "loader/object_cache.h"
#include "tests/unit/temp_folder.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace nfup::loader {
namespace {

namespace fs = std::filesystem;

TEST(ObjectCacheTest, shrinks_to_its_limit_oldest_first_and_spares_the_new)
{
	const test::TempFolder temporary;
	const fs::path& folder = temporary.path;
	const ObjectCache cache(folder, 2500);
	for (const char* key : {"a", "b", "c", "d"})
		ASSERT_TRUE(cache.store(key, std::string(1000, *key)));
	int age = 40;
	for (const char* key : {"c", "a", "b"}) // d is new
		for (const char* suffix : {".o", ".sum"})
			fs::last_write_time(folder / (std::string(key) + suffix),
					    fs::file_time_type::clock::now() - std::chrono::hours(age--));
	cache.shrink();
	EXPECT_FALSE(cache.find("c"));
	EXPECT_FALSE(cache.find("a"));
	EXPECT_TRUE(cache.find("b"));
	EXPECT_TRUE(cache.find("d"));

	// Used just now: the time of use is moved, so that it outlives the others.
	const ObjectCache small(folder, 1);
	small.shrink();
	EXPECT_TRUE(small.find("d"));
	EXPECT_TRUE(small.find("b"));
}

} // namespace
} // namespace nfup::loader
