// SPDX-License-Identifier: BSD-2-Clause
// Facts on every path; what is said when one lacks a fact is in diagnostics_cases.inc.
#include <gtest/gtest.h>

#include "intent/depend.h"
#include "intent/resolve.h"
#include "support.h"
#include "test_library.h"

namespace nfup::intent::test {
namespace {

struct Outcome {
	std::vector<std::string> functionalities;
	Diagnostics diagnostics;
};

Outcome depend_text(const std::string& text)
{
	TestLibrary library;
	Outcome out;
	const Resolved nf = resolve(parse(text, "t", out.diagnostics), library, out.diagnostics);
	EXPECT_TRUE(out.diagnostics.ok()) << rendered(out.diagnostics, text);
	out.functionalities = depend(nf, library, out.diagnostics);
	return out;
}

TEST(Depend, lists_what_is_used)
{
	const Outcome o = depend_text("FromDevice(p) -> CheckIPHeader -> CheckTCPHeader -> ToDevice(q)");
	EXPECT_TRUE(o.diagnostics.ok());
	EXPECT_EQ(o.functionalities, (std::vector<std::string>{"five-tuple", "ip-header"}));
	EXPECT_TRUE(depend_text("FromDevice(p) -> Discard").functionalities.empty());
}

TEST(Depend, holds_where_all_paths_provide_it)
{
	EXPECT_TRUE(depend_text("FromDevice(p) -> c :: Classifier(0/00, -); w :: WriteWL -> Discard;"
				"c -> CheckIPHeader -> w; c [1] -> Counter -> CheckIPHeader -> w")
			.diagnostics.ok());
}

TEST(Depend, holds_behind_one_output_only)
{
	const Outcome o = depend_text(
	    "FromDevice(p) -> i :: CheckIPHeader -> WriteWL -> Discard; i [1] -> ReadWL => Discard, Discard");
	ASSERT_EQ(o.diagnostics.list().size(), 1u);
	EXPECT_EQ(o.diagnostics.list()[0].message,
		  "ReadWL needs `five-tuple`, which does not hold on the path FromDevice -> i [1] -> ReadWL");
}

// A tunnel ends: what was known is of the packet around.
TEST(Depend, a_fact_may_end)
{
	EXPECT_TRUE(
	    depend_text("FromDevice(p) -> CheckIPHeader -> d :: IPIPDecap -> CheckIPHeader -> WriteWL -> Discard;"
			"d [1] -> WriteWL -> Discard")
		.diagnostics.ok());
	const Outcome o = depend_text("FromDevice(p) -> CheckIPHeader -> IPIPDecap -> WriteWL -> Discard");
	ASSERT_EQ(o.diagnostics.list().size(), 1u);
	EXPECT_EQ(o.diagnostics.list()[0].message,
		  "WriteWL needs `five-tuple`, which does not hold on the path IPIPDecap [0] -> WriteWL");
}

// Two entries meet: one of them provides the fact, the other does not.
TEST(Depend, one_report_for_each_cause)
{
	const Outcome o = depend_text("w :: WriteWL -> WriteFSM -> WriteWL -> Discard;"
				      "FromDevice(p) -> CheckIPHeader -> w; FromDevice(q) -> w");
	ASSERT_EQ(o.diagnostics.list().size(), 1u);
	EXPECT_EQ(o.diagnostics.list()[0].message,
		  "w needs `five-tuple`, which does not hold on the path FromDevice@2 -> w");
	EXPECT_EQ(o.diagnostics.list()[0].hint, "put one of these before it: CheckIPHeader (output 0)");
}

} // namespace
} // namespace nfup::intent::test
