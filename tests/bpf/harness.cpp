// SPDX-License-Identifier: BSD-2-Clause
#include "harness.h"

#include <linux/bpf.h>

namespace nfup::test {

testing::AssertionResult left(const Outcome& outcome, int output, const Bytes& frame)
{
	if (outcome.output != output)
		return testing::AssertionFailure() << "not by output " << output << ": " << outcome;
	if (outcome.frame != frame)
		return testing::AssertionFailure() << "the frame was changed";
	if (!outcome.drops.empty())
		return testing::AssertionFailure() << "counted as dropped: " << outcome;
	return testing::AssertionSuccess();
}

testing::AssertionResult dropped(const Outcome& outcome, const std::string& reason)
{
	if (outcome.verdict != XDP_DROP)
		return testing::AssertionFailure() << "not dropped: " << outcome;
	if (outcome.drops != std::map<std::string, std::uint64_t>{{reason, 1}})
		return testing::AssertionFailure() << "not counted as " << reason << ": " << outcome;
	return testing::AssertionSuccess();
}

} // namespace nfup::test
