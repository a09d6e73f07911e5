// SPDX-License-Identifier: BSD-2-Clause
// The table form: columns, names, joins, arguments, and the paper's reading.
#include <gtest/gtest.h>

#include "support.h"

namespace nfup::intent::test {
namespace {

struct Case {
	const char* name;
	const char* text;
	const char* graph;
};

void PrintTo(const Case& c, std::ostream* out)
{
	*out << c.name;
}

class TableGrammar : public testing::TestWithParam<Case> {};

TEST_P(TableGrammar, means)
{
	ASSERT_EQ(detect_form(GetParam().text), Form::table);
	const Parsed p = parse_text(GetParam().text);
	EXPECT_TRUE(p.diagnostics.ok()) << rendered(p.diagnostics, GetParam().text);
	EXPECT_EQ(show(p.graph), GetParam().graph);
}

const Case cases[] = {
    {"source", "- - - FromDevice p1", "FromDevice :: FromDevice(p1)"},
    {"one_column", "- - A\nA - B", "A :: A; B :: B; A -> B"},
    {"two_columns", "- - A\nA - - B", "A :: A; B :: B; A -> B"},
    {"three_columns", "- - - A\nA - - - B", "A :: A; B :: B; A -> B"},
    {"output_port", "- - A\nA 2 - - B", "A :: A; B :: B; A [2] -> B"},
    {"input_port_last", "- - A\nA 1 - 3 B", "A :: A; B :: B; A [1] -> [3] B"},
    {"input_port_middle", "- - A\nA 1 3 - B", "A :: A; B :: B; A [1] -> [3] B"},
    {"input_port_two_columns", "- - A\nA - 3 B", "A :: A; B :: B; A -> [3] B"},
    {"tabs", "-\t-\tA\nA\t1\t-\tB\tx", "A :: A; B :: B(x); A [1] -> B"},
    {"windows_lines", "- - A\r\nA - B x\r\n", "A :: A; B :: B(x); A -> B"},
    {"no_last_newline", "- - A\nA - B x", "A :: A; B :: B(x); A -> B"},
    {"comments", "/* a\n b */ - - A // x\n// nothing\nA - /* c */ B x /* y\n z */\n", "A :: A; B :: B(x); A -> B"},
    {"repeated_row", "- - A\nA - B\nA - B", "A :: A; B :: B; A -> B"},

    {"join", "- - A\nA 0 B x\nA 1 C\nC - B x", "A :: A; B :: B(x); C :: C; A -> B; A [1] -> C; C -> B"},
    {"other_arguments", "- - A\nA 0 B x\nA 1 B y", "A :: A; B :: B(x); B@2 :: B(y); A -> B; A [1] -> B@2"},
    {"most_recent_source", "- - A x\n- - A y\nA - B", "A :: A(x); A@2 :: A(y); B :: B; A@2 -> B"},
    {"first_by_number", "- - A x\n- - A y\nA@1 - B", "A :: A(x); A@2 :: A(y); B :: B; A -> B"},
    {"explicit_number", "- - A\nA 0 B x\nA 1 B@2 x\nB@2 - C",
     "A :: A; B :: B(x); B@2 :: B(x); C :: C; A -> B; A [1] -> B@2; B@2 -> C"},
    {"explicit_number_again", "- - A\nA 0 B@2 x\nA 1 B@2", "A :: A; B@2 :: B(x); A -> B@2; A [1] -> B@2"},
    {"number_taken", "- - A\nA 0 B@1\nA 1 B x", "A :: A; B :: B; B@2 :: B(x); A -> B; A [1] -> B@2"},
    {"own_name", "- - A\nA - B@fw/b x\nB@fw/b - C", "A :: A; fw/b :: B(x); C :: C; A -> fw/b; fw/b -> C"},
    {"own_name_of_compound", "- - A\nA - B@@1/B", "A :: A; @1/B :: B; A -> @1/B"},
    {"no_arguments_is_last", "- - A\nA 0 B x\nA 1 B y\nA 2 B",
     "A :: A; B :: B(x); B@2 :: B(y); A -> B; A [1] -> B@2; A [2] -> B@2"},
    {"no_arguments_joins_equal", "- - A\nA 0 B\nA 1 B y\nA 2 B",
     "A :: A; B :: B; B@2 :: B(y); A -> B; A [1] -> B@2; A [2] -> B"},

    {"hyphen_is_no_arguments", "- - A\nA - - B -", "A :: A; B :: B; A -> B"},
    {"white_space_splits", "- - A 1 2  3", "A :: A(1, 2, 3)"},
    {"commas_split", "- - A 1 2, 3", "A :: A(1 2, 3)"},
    {"last_comma_is_none", "- - A 1 2,", "A :: A(1 2)"},
    {"patterns_keep_hyphen", "- - C 12/0800 -", "C :: C(12/0800, -)"},
    {"hyphen_alone_with_comma", "- - C -,", "C :: C(-)"},
    {"keyword_keeps_value", "- - A 1 LENGTH 14 TIMEOUT 5s", "A :: A(1, LENGTH 14, TIMEOUT 5s)"},
    {"quotes", "- - A \"x y\" 'a, b'", "A :: A(\"x y\", 'a, b')"},
    {"parentheses", "- - A f(1, 2), 3", "A :: A(f(1, 2), 3)"},

    {"paper_classifier", "- - F\nF - Classifier 12/0800\nClassifier 0 A\nClassifier 1 B",
     "F :: F; Classifier :: Classifier(12/0800, -); A :: A; B :: B; F -> Classifier; "
     "Classifier -> B; Classifier [1] -> A"},
    {"paper_classifier_one_output", "- - F\nF - Classifier 12/0800\nClassifier 0 A",
     "F :: F; Classifier :: Classifier(12/0800); A :: A; F -> Classifier; Classifier -> A"},
    {"two_patterns", "- - F\nF - Classifier 12/0800 -\nClassifier 0 A\nClassifier 1 B",
     "F :: F; Classifier :: Classifier(12/0800, -); A :: A; B :: B; F -> Classifier; "
     "Classifier -> A; Classifier [1] -> B"},
};

INSTANTIATE_TEST_SUITE_P(Cases, TableGrammar, testing::ValuesIn(cases),
			 [](const auto& tested) { return std::string(tested.param.name); });

TEST(ParseTable, notes_each_reading)
{
	const std::string text = "- - F\nF - Classifier 12/0800\nClassifier 0 A x\nClassifier 1 A\n";
	const Parsed p = parse_text(text);
	EXPECT_TRUE(p.diagnostics.ok());
	EXPECT_EQ(rendered(p.diagnostics, text),
		  "t:4:14: note: `A` without arguments is read as the last one above, A x\n"
		  "    Classifier 1 A\n"
		  "                 ^\n"
		  "t:2:5: note: one pattern and two outputs: output 1 is what matches `12/0800`, output 0 what "
		  "does not\n"
		  "    F - Classifier 12/0800\n"
		  "        ^\n"
		  "    hint: as in the Click-UP paper; with `12/0800 -` output 0 is what matches, as in Click\n");
}

TEST(DetectForm, tells_them_apart)
{
	EXPECT_EQ(detect_form(""), Form::click);
	EXPECT_EQ(detect_form("A -> B"), Form::click);
	EXPECT_EQ(detect_form("# 1 \"x\"\na :: A;"), Form::click);
	EXPECT_EQ(detect_form("// - - A\na :: A(\n12/0800 - ,\n)"), Form::click);
	EXPECT_EQ(detect_form("define($a 1)"), Form::click);
	EXPECT_EQ(detect_form("/* x -> y; */ - - - A 1"), Form::table);
	EXPECT_EQ(detect_form("A 0 B fe80::1"), Form::table);
	EXPECT_EQ(detect_form("- - - FromDevice p1"), Form::table);
}

} // namespace
} // namespace nfup::intent::test
