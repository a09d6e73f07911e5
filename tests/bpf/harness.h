// SPDX-License-Identifier: BSD-2-Clause
// The fixture of the node tests, and what they say about a packet.
#pragma once

#include <gtest/gtest.h>

#include "kernel.h"

namespace nfup::test {

// Its maps are its own: no test sees another's state.
class NodeTest : public testing::Test, protected Kernel {
protected:
	void SetUp() override
	{
		if (std::string why = open(); !why.empty())
			GTEST_SKIP() << why;
	}
};

// The packet left by `output`, unchanged.
testing::AssertionResult left(const Outcome& outcome, int output, const Bytes& frame);
// It was dropped, counted once under `reason`, and nothing else.
testing::AssertionResult dropped(const Outcome& outcome, const std::string& reason);

} // namespace nfup::test
