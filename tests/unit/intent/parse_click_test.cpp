// SPDX-License-Identifier: BSD-2-Clause
// Click's grammar, one case a rule: the text, and the graph it means.
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

class ClickGrammar : public testing::TestWithParam<Case> {};

TEST_P(ClickGrammar, means)
{
	const Parsed p = parse_text(GetParam().text);
	EXPECT_TRUE(p.diagnostics.ok()) << rendered(p.diagnostics, GetParam().text);
	EXPECT_EQ(show(p.graph), GetParam().graph);
}

const Case cases[] = {
    {"empty", "", ""},
    {"semicolons_only", ";;;", ""},
    {"declaration", "a :: A;", "a :: A"},
    {"declaration_config", "a :: A(1, 2);", "a :: A(1, 2)"},
    {"declaration_empty_config", "a :: A();", "a :: A"},
    {"declaration_list", "a, b, c :: A(1);", "a :: A(1); b :: A(1); c :: A(1)"},
    {"no_semicolon", "a :: A\nb :: B", "a :: A; b :: B"},
    {"anonymous", "A(1); A(2); B", "A :: A(1); A@2 :: A(2); B :: B"},
    {"anonymous_avoids_declared", "A; A; A@2 :: B", "A :: A; A@3 :: A; A@2 :: B"},
    {"anonymous_avoids_later_name", "A(1) -> B; A :: C", "A@2 :: A(1); B :: B; A :: C; A@2 -> B"},
    {"element_named_like_its_class", "A :: A(1); A -> A(2) -> A", "A :: A(1); A@2 :: A(2); A -> A@2; A@2 -> A"},
    {"connection", "a :: A; b :: B; a [1] -> [2] b", "a :: A; b :: B; a [1] -> [2] b"},
    {"default_ports", "a :: A; b :: B; a -> b", "a :: A; b :: B; a -> b"},
    {"chain", "a :: A; a [1] -> [2] B [3] -> [4] C", "a :: A; B :: B; C :: C; a [1] -> [2] B; B [3] -> [4] C"},
    {"inline_declaration", "A -> b :: B(1) [1] -> C", "A :: A; b :: B(1); C :: C; A -> b; b [1] -> C"},
    {"statements_without_semicolons", "a :: A b :: B a -> b b -> C", "a :: A; b :: B; C :: C; a -> b; b -> C"},
    {"repeated_connection", "a :: A; b :: B; a -> b; a -> b", "a :: A; b :: B; a -> b"},
    {"many_to_one", "a :: A; b :: B; a, b [1] -> C", "a :: A; b :: B; C :: C; a -> C; b [1] -> C"},
    {"one_to_many", "a :: A; b :: B; c :: C; a -> b, [1] c", "a :: A; b :: B; c :: C; a -> b; a -> [1] c"},
    {"declared_in_many_to_one", "a :: A; a, b :: B -> C", "a :: A; b :: B; C :: C; a -> C; b -> C"},
    {"many_to_many", "c :: A; c[0], c[1] => B, C", "c :: A; B :: B; C :: C; c -> B; c [1] -> C"},
    {"port_list", "c :: A; c[0,2] => B, C", "c :: A; B :: B; C :: C; c -> B; c [2] -> C"},
    {"port_range", "c :: A; c[1-2] => B, C", "c :: A; B :: B; C :: C; c [1] -> B; c [2] -> C"},
    {"implied_outputs", "c :: A; c => B, C -> D", "c :: A; B :: B; C :: C; D :: D; c -> B; c [1] -> C; B -> D; C -> D"},
    {"implied_inputs", "a :: A; b :: B; a, b => c :: C", "a :: A; b :: B; c :: C; a -> c; b -> [1] c"},
    {"counting_outputs", "c :: A; c[2,] => B, C", "c :: A; B :: B; C :: C; c [2] -> B; c [3] -> C"},
    {"double_arrow_alone", "A => B", "A :: A; B :: B; A -> B"},
    {"port_list_to_one", "a :: A; a[0,1] -> B", "a :: A; B :: B; a -> B; a [1] -> B"},

    {"group", "x :: X; y :: Y; x -> c :: A => ( input [0] -> output; input [1] -> P -> output ) -> y",
     "x :: X; y :: Y; c :: A; P :: P; x -> c; c -> y; c [1] -> P; P -> y"},
    {"group_identity", "x :: X; x -> ( input -> output ) -> Y", "x :: X; Y :: Y; x -> Y"},
    {"group_implicit", "x :: X; x -> ( [0] -> [0] ) -> Y", "x :: X; Y :: Y; x -> Y"},
    {"group_arrow_only", "x :: X; x -> (->) -> Y", "x :: X; Y :: Y; x -> Y"},
    {"group_twice", "x :: X; y :: Y; x => ( [0]->[0]; [1]->[1] ) => ( [0]->[0]; [1]->[1] ) -> y",
     "x :: X; y :: Y; x -> y; x [1] -> y"},
    {"group_explicit_ports", "x :: X; y :: Y; x => [0,1] ( [0]->[0]; [1]->[1] ) [0,1] -> y",
     "x :: X; y :: Y; x -> y; x [1] -> y"},
    {"group_shares_scope", "x :: X; x -> ( -> p :: P -> ) -> Y; p [1] -> Z",
     "x :: X; p :: P; Y :: Y; Z :: Z; x -> p; p -> Y; p [1] -> Z"},
    {"group_nested", "A -> ( -> ( -> B -> ) -> ) -> C", "A :: A; B :: B; C :: C; A -> B; B -> C"},

    {"compound", "a :: A; a -> { input -> X -> output } -> B", "a :: A; @1/X :: X; B :: B; a -> @1/X; @1/X -> B"},
    {"compound_named",
     "fw :: { input -> X -> output; input [1] -> y :: Y -> [1] output };\n"
     "a :: A; a -> fw -> B; a [1] -> [1] fw [1] -> C",
     "fw/X :: X; fw/y :: Y; a :: A; B :: B; C :: C; fw/X -> B; fw/y -> C; a -> fw/X; a [1] -> fw/y"},
    {"compound_implicit", "A -> { -> X -> } -> B", "A :: A; @1/X :: X; B :: B; A -> @1/X; @1/X -> B"},
    {"compound_wire", "A -> { input -> output } -> B", "A :: A; B :: B; A -> B"},
    {"compound_scope", "x :: X; q :: { x :: Y }; x -> Z", "x :: X; q/x :: Y; Z :: Z; x -> Z"},
    {"elementclass", "elementclass Q { input -> X(1) -> output }; q :: Q; A -> q -> Q -> B",
     "q/X :: X(1); A :: A; Q/X :: X(1); B :: B; q/X -> Q/X; A -> q/X; Q/X -> B"},
    {"elementclass_twice_anonymous", "elementclass Q { -> X -> } A -> Q -> Q -> B",
     "A :: A; Q/X :: X; Q@2/X :: X; B :: B; A -> Q/X; Q/X -> Q@2/X; Q@2/X -> B"},
    {"elementclass_shadows", "elementclass Q { input -> Q(1) -> output } A -> Q -> B",
     "A :: A; Q/Q :: Q(1); B :: B; A -> Q/Q; Q/Q -> B"},
    {"elementclass_synonym", "elementclass M Queue; m :: M(3); M", "m :: Queue(3); M :: Queue"},
    {"synonym_of_compound", "elementclass P { -> X -> } elementclass R P; A -> r :: R -> B",
     "A :: A; r/X :: X; B :: B; A -> r/X; r/X -> B"},
    {"elementclass_is_local", "a :: { elementclass Q { X } Q }; Q(5)", "a/Q/X :: X; Q :: Q(5)"},
    {"elementclass_seen_inside", "elementclass Q { X } a :: { Q }", "a/Q/X :: X"},
    {"elementclass_later_not_seen", "a :: { Q }; elementclass Q { X }", "a/Q :: Q"},
    {"compound_ends_at_library_class", "elementclass X { input -> X(1) -> output } elementclass Y X; A -> Y -> B",
     "A :: A; Y/X :: X(1); B :: B; A -> Y/X; Y/X -> B"},

    {"parameter", "A -> { $a | input -> P(1, $a, 3) -> output } (100) -> B",
     "A :: A; @1/P :: P(1, 100, 3); B :: B; A -> @1/P; @1/P -> B"},
    {"parameters", "q :: { $a, $b | P($b, $a) } (1, 2)", "q/P :: P(2, 1)"},

    {"keyword_any_order", "q :: { $x, A $a, B $b | P($x, $a, $b) } (0, B 2, A 1)", "q/P :: P(0, 1, 2)"},
    {"rest", "q :: { $a, COUNT $count, __REST__ $rest | P($a), Q($count), R($rest) } (1, 2, COUNT 3, FOO 4)",
     "q/P :: P(1); q/Q :: Q(3); q/R :: R(2, FOO 4)"},
    {"rest_empty", "q :: { $a, __REST__ $rest | R($rest) } (1)", "q/R :: R"},
    {"no_formals_bar", "q :: { | P }", "q/P :: P"},
    {"braces", "q :: { $a | P(${a}bc) } (x)", "q/P :: P(xbc)"},
    {"default_value", "P(${a-7})", "P :: P(7)"},
    {"default_unused", "define($a 1) P(${a-7})", "P :: P(1)"},
    {"single_quotes_keep", "q :: { $a | P('$a', $a) } (x)", "q/P :: P('$a', x)"},
    {"double_quotes_replace", "q :: { $a | P(\"<$a>\") } (x)", "q/P :: P(\"<x>\")"},
    {"define", "define($DEV eth0, $COUNT 1); P($DEV, $COUNT)", "P :: P(eth0, 1)"},
    {"define_after_use", "P($a); define($a 2)", "P :: P(2)"},
    {"define_of_define", "define($a 1, $b $a$a) P($b)", "P :: P(11)"},
    {"define_seen_inside", "define($a 1) q :: { P($a) }", "q/P :: P(1)"},
    {"define_local", "define($a 1) q :: { define($a 2) P($a) }; P($a)", "q/P :: P(2); P :: P(1)"},
    {"parameter_of_outer", "q :: { $a | r :: { P($a) } } (1)", "q/r/P :: P(1)"},
    {"parameter_of_the_definition",
     "elementclass O { $a | elementclass I { $b | P($a, $b) } elementclass M { $a | I($a) } M(2) } O(1)",
     "O/M/I/P :: P(1, 2)"},
    {"group_in_list", "a, d :: A; a => ( -> b :: B ), ( -> C ), d",
     "a :: A; d :: A; b :: B; C :: C; a -> b; a [1] -> C; a [2] -> d"},
    {"value_with_comma", "define($a 1, $b \"x, y\") P($b)", "P :: P(\"x, y\")"},

    {"overload_by_arguments", "elementclass Q { P(0) || $a | P($a) } q :: Q; r :: Q(1)", "q/P :: P(0); r/P :: P(1)"},
    {"overload_by_ports",
     "elementclass Q { input -> P -> output || input -> R -> output; input[1] -> S }\n"
     "a :: A; a -> q :: Q -> B; a[1] -> [1]q",
     "a :: A; q/R :: R; q/S :: S; B :: B; a -> q/R; a [1] -> q/S; q/R -> B"},
    {"overload_extends", "elementclass Q { P(0) } elementclass Q { $a | P($a) || ... } q :: Q; r :: Q(1)",
     "q/P :: P(0); r/P :: P(1)"},
    {"overload_extends_library", "elementclass Q { $a, $b | Q($a) || ... } q :: Q(1, 2); r :: Q(3)",
     "q/Q :: Q(1); r :: Q(3)"},
    {"overload_keeps_order",
     "elementclass F { $a, $b | -> P(1) -> || $a, __REST__ $b | -> P(2) -> || $a, TWO $b, __REST__ $c | -> "
     "P(3) -> }\n"
     "S -> F(A) -> f :: F(A, TWO B) elementclass F { $a, $b | -> P(4) -> || ... } f -> F(A, B) -> F(A, B, C) "
     "-> D",
     "S :: S; F/P :: P(2); f/P :: P(1); F@2/P :: P(4); F@3/P :: P(2); D :: D; "
     "S -> F/P; F/P -> f/P; f/P -> F@2/P; F@2/P -> F@3/P; F@3/P -> D"},

    {"config_parentheses", "A(with (balanced parens))", "A :: A(with (balanced parens))"},
    {"config_quoted_parenthesis", "A(with \")quoted\" paren)", "A :: A(with \")quoted\" paren)"},
    {"config_line_comment", "A(// end of line )\n still)", "A :: A(still)"},
    {"config_block_comment", "A(/* comment) */ x)", "A :: A(x)"},
    {"config_last_empty", "A(1, ) A(1, /* c */)", "A :: A(1); A@2 :: A(1)"},
    {"config_first_empty", "A(, 1)", "A :: A(, 1)"},
    {"config_white_space", "A( 1   2 ,\n\t3 )", "A :: A(1 2, 3)"},
    {"config_quotes_keep_space", "A(\"1   2\",  '3  4')", "A :: A(\"1   2\", '3  4')"},
    {"config_bytes", "A(\\<48 65, 6c>)", "A :: A(\\<48 65, 6c>)"},
    {"comment_ends_name", "a//b\n:: A", "a :: A"},
    {"comments", "/* x */ a /* y */ :: // z\n A", "a :: A"},
    {"slashes", "a/b :: A", "a/b :: A"},
    {"require", "require(package x); A", "A :: A"},
    {"provide", "provide(x); A", "A :: A"},
    {"line_directive", "#line 7 \"f\"\nA", "A :: A"},
    {"input_is_a_name_outside", "input :: A; input -> B", "input :: A; B :: B; input -> B"},
    {"through_nested_compounds", "A -> { -> { -> { -> X -> } -> } -> } -> B",
     "A :: A; @1/@1/@1/X :: X; B :: B; A -> @1/@1/@1/X; @1/@1/@1/X -> B"},
};

INSTANTIATE_TEST_SUITE_P(Cases, ClickGrammar, testing::ValuesIn(cases),
			 [](const auto& tested) { return std::string(tested.param.name); });

TEST(ParseClick, line_directive_moves_places)
{
	const std::string text = "A;\n# 40 \"other.click\"\n  b -> C; b :: B";
	const Parsed p = parse_text(text);
	ASSERT_FALSE(p.diagnostics.ok());
	const Location& at = p.diagnostics.list()[0].where;
	EXPECT_EQ(at.file, "other.click");
	EXPECT_EQ(at.line, 40);
	EXPECT_EQ(at.column, 3);
	// The caret still stands under the text itself.
	EXPECT_NE(rendered(p.diagnostics, text).find("b -> C; b :: B\n      ^"), std::string::npos);
}

TEST(ParseClick, bounded_blow_up)
{
	// Each class doubles the last: 2^40 elements if nobody counted.
	std::string text = "elementclass C0 { X; X }\n";
	for (int i = 1; i < 40; ++i)
		text += "elementclass C" + std::to_string(i) + " { C" + std::to_string(i - 1) + "; C" +
			std::to_string(i - 1) + "(); }\n";
	text += "C39;";
	const Parsed p = parse_text(text);
	EXPECT_NE(rendered(p.diagnostics, text).find("more than 131072 elements"), std::string::npos);
}

TEST(ParseClick, bounded_depth)
{
	std::string text;
	for (int i = 0; i < 100000; ++i)
		text += "{";
	const Parsed p = parse_text(text);
	EXPECT_NE(rendered(p.diagnostics, "").find("nested more than 64 deep"), std::string::npos);
	EXPECT_LT(p.diagnostics.list().size(), 10u);
}

TEST(ParseClick, bounded_values)
{
	std::string text = "define($a0 xxxxxxxxxxxxxxxx)\n";
	for (int i = 1; i < 15; ++i) {
		const std::string last = "$a" + std::to_string(i - 1);
		text += "define($a" + std::to_string(i) + " " + last + last + last + last + ")\n";
	}
	text += "P($a14)";
	const Parsed p = parse_text(text);
	EXPECT_NE(rendered(p.diagnostics, text).find("expand to more than 67108864 bytes"), std::string::npos);
}

} // namespace
} // namespace nfup::intent::test
