// SPDX-License-Identifier: BSD-2-Clause
// What each class costs the verifier, against verifier_budget.json: a change that
// makes it work much harder is seen here before an older kernel refuses the
// program. `instructions` that it looks at: the limit is 1,000,000, and load time
// grows with it. `stack` in bytes, the sum of all functions: the limit is 512 for those
// that call each other. `size` in bytes of the translated program.
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
	const auto budget = nlohmann::json::parse(file);
	nlohmann::json costs; // of this run, kept beside the build

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
		costs[cls] = {
		    {"instructions", info.verified_insns}, {"stack", node.stack}, {"size", info.xlated_prog_len}};
		for (const auto& [what, most] : budget[cls].items())
			EXPECT_LE(costs[cls][what].get<unsigned>(), most.get<unsigned>()) << cls << ": " << what;
	}
	std::ofstream(NFUP_VERIFIER_COSTS) << costs.dump(1, '\t') << "\n";
	for (const auto& [cls, limits] : budget.items())
		EXPECT_TRUE(std::find(names.begin(), names.end(), cls) != names.end()) << cls << " is gone";
}

} // namespace
} // namespace nfup::test
