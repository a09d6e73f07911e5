// SPDX-License-Identifier: BSD-2-Clause
// What the verifier has to do for each class, against verifier_budget.json: a
// change that makes it work much harder is seen here before an older kernel
// refuses the program. The limit is 1,000,000; load time grows with it.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "harness.h"
#include "samples.h"

namespace nfup::test {
namespace {

class VerifierBudget : public NodeTest {};

TEST_F(VerifierBudget, EveryClassKeepsToIt)
{
	std::ifstream file(NFUP_VERIFIER_BUDGET);
	ASSERT_TRUE(file) << NFUP_VERIFIER_BUDGET;
	auto budget = nlohmann::json::parse(file);

	auto names = classes();
	ASSERT_FALSE(names.empty());
	for (const std::string& cls : names) {
		if (!budget.contains(cls)) {
			ADD_FAILURE() << cls << " has no budget";
			continue;
		}
		auto node = load(cls, sample_params(cls));
		bpf_prog_info info{};
		__u32 size = sizeof info;
		ASSERT_EQ(bpf_obj_get_info_by_fd(node.program, &info, &size), 0);
		if (!info.verified_insns)
			GTEST_SKIP() << "this kernel does not tell verified_insns";
		RecordProperty(cls, static_cast<int>(info.verified_insns));
		EXPECT_LE(info.verified_insns, budget[cls].get<unsigned>()) << cls;
	}
	for (const auto& [cls, insns] : budget.items())
		EXPECT_TRUE(std::find(names.begin(), names.end(), cls) != names.end()) << cls << " is gone";
}

} // namespace
} // namespace nfup::test
