// SPDX-License-Identifier: BSD-2-Clause
// What each class costs the verifier, against verifier_budget.json: a change that
// makes it work much harder is seen here before an older kernel refuses the
// program. `instructions` that it looks at: the limit is 1,000,000, and load time
// grows with it. `stack` in bytes, the sum of all functions: the limit is 512 for those
// that call each other. `size` in bytes of the translated program.
//
// The budget is that of Linux 6.18. Older verifiers find fewer paths equal and expand
// calls of helpers to more, so there `instructions` may be three times as many, and
// `size` a quarter more.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/utsname.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "harness.h"
#include "samples.h"

namespace nfup::test {
namespace {

class VerifierBudget : public NodeTest {};

bool has_old_verifier()
{
	utsname name{};
	uname(&name);
	int major = 0, minor = 0;
	sscanf(name.release, "%d.%d", &major, &minor);
	return major < 6 || (major == 6 && minor < 18);
}

TEST_F(VerifierBudget, EveryClassKeepsToIt)
{
	std::ifstream file(NFUP_VERIFIER_BUDGET);
	ASSERT_TRUE(file) << NFUP_VERIFIER_BUDGET;
	const auto budget = nlohmann::json::parse(file);
	const bool older = has_old_verifier();
	nlohmann::json costs; // of this run, kept beside the build

	auto names = classes();
	ASSERT_FALSE(names.empty());
	for (const std::string& cls : names) {
		if (!budget.contains(cls)) {
			ADD_FAILURE() << cls << " has no budget";
			continue;
		}
		Object node;
		try {
			node = load(cls, sample_params(cls));
		} catch (const std::exception& e) {
			ADD_FAILURE() << cls << " is not loaded here: " << e.what();
			continue;
		}
		bpf_prog_info info{};
		__u32 size = sizeof info;
		ASSERT_EQ(bpf_obj_get_info_by_fd(node.program, &info, &size), 0);
		if (!info.verified_insns)
			GTEST_SKIP() << "this kernel does not tell verified_insns";
		costs[cls] = {
		    {"instructions", info.verified_insns}, {"stack", node.stack}, {"size", info.xlated_prog_len}};
		for (const auto& [what, most] : budget[cls].items()) {
			const double times = !older ? 1 : what == "instructions" ? 3 : what == "size" ? 1.25 : 1;
			EXPECT_LE(costs[cls][what].get<double>(), times * most.get<double>()) << cls << ": " << what;
		}
	}
	std::ofstream(NFUP_VERIFIER_COSTS) << costs.dump(1, '\t') << "\n";
	for (const auto& [cls, limits] : budget.items())
		EXPECT_TRUE(std::find(names.begin(), names.end(), cls) != names.end()) << cls << " is gone";
}

} // namespace
} // namespace nfup::test
