// SPDX-License-Identifier: BSD-2-Clause
#include "intent/kernel.h"

#include <gtest/gtest.h>

namespace nfup::intent {
namespace {

TEST(Kernel, ReadsVersions)
{
	EXPECT_EQ(read_kernel("6.1"), (Kernel{6, 1}));
	EXPECT_EQ(read_kernel("6.1.0-56-cloud-amd64"), (Kernel{6, 1}));
	EXPECT_EQ(read_kernel("6.12.95+deb12"), (Kernel{6, 12}));
	EXPECT_EQ(read_kernel("6.18-rc1"), (Kernel{6, 18}));
	for (const char* text : {"", "6", "6.", ".1", "six", "6.x", "6.1x", "-6.1", "6.-1"})
		EXPECT_FALSE(read_kernel(text)) << text;
}

TEST(Kernel, ComparesByNumber)
{
	EXPECT_LT((Kernel{6, 2}), (Kernel{6, 12}));
	EXPECT_LT((Kernel{5, 19}), (Kernel{6, 1}));
	EXPECT_GE(running_kernel(), oldest_kernel);
}

} // namespace
} // namespace nfup::intent
