// SPDX-License-Identifier: BSD-2-Clause
// Every mistake and the exact words for it, caret and hint included.
#include <gtest/gtest.h>

#include "intent/depend.h"
#include "intent/resolve.h"
#include "support.h"
#include "test_library.h"

namespace nfup::intent::test {
namespace {

std::string check(const std::string& text)
{
	TestLibrary library;
	Diagnostics diagnostics;
	const Graph graph = parse(text, "t", diagnostics);
	if (diagnostics.ok()) {
		const Resolved nf = resolve(graph, library, diagnostics);
		if (diagnostics.ok())
			depend(nf, library, diagnostics);
	}
	return rendered(diagnostics, text, Severity::warning);
}

struct Case {
	const char* name;
	const char* text;
	const char* says;
};

void PrintTo(const Case& c, std::ostream* out)
{
	*out << c.name;
}

class Golden : public testing::TestWithParam<Case> {};

TEST_P(Golden, says)
{
	EXPECT_EQ(check(GetParam().text), GetParam().says);
}

const Case cases[] = {
#include "diagnostics_cases.inc"
};

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(cases),
			 [](const auto& tested) { return std::string(tested.param.name); });

TEST(Diagnostics, several_in_one_run)
{
	const std::string out =
	    check("FromDevice(p) -> Stripp(14) -> Counterr -> Discard; FromDevice(q) -> Strip -> Discard");
	EXPECT_NE(out.find("unknown class `Stripp`"), std::string::npos);
	EXPECT_NE(out.find("unknown class `Counterr`"), std::string::npos);
	EXPECT_NE(out.find("Strip needs the argument `LENGTH`"), std::string::npos);
}

TEST(Diagnostics, one_for_each_unknown_class)
{
	const std::string out = check("FromDevice(p) -> IPPrint -> IPPrint -> IPPrint -> Discard");
	EXPECT_EQ(out, "t:1:18: error: unknown class `IPPrint`\n"
		       "    FromDevice(p) -> IPPrint -> IPPrint -> IPPrint -> Discard\n"
		       "                     ^\n"
		       "    hint: `nfup classes` lists what there is\n");
}

TEST(Diagnostics, render_without_place_or_text)
{
	EXPECT_EQ(render({Severity::error, {}, "m", ""}, "x"), "error: m\n");
	EXPECT_EQ(render({Severity::note, {"f", 0, 0, 0}, "m", "h"}, "x"), "f: note: m\n    hint: h\n");
	EXPECT_EQ(render({Severity::error, {"f", 9, 3, 0}, "m", ""}, "x"), "f:9:3: error: m\n");
	EXPECT_EQ(render({Severity::error, {"f", 1, 3, 0}, "m", ""}, "\t\tx"),
		  "f:1:3: error: m\n    \t\tx\n    \t\t^\n");
}

} // namespace
} // namespace nfup::intent::test
