// SPDX-License-Identifier: BSD-2-Clause
// Resolution: what a correct intent becomes, byte for byte.
#include <gtest/gtest.h>

#include <ctime>
#include <map>

#include "intent/resolve.h"
#include "support.h"
#include "test_library.h"

namespace nfup::intent::test {
namespace {

struct Outcome {
	Resolved nf;
	Diagnostics diagnostics;
};

Outcome resolve_text(const std::string& text, const std::vector<std::string>& known_ports = {})
{
	static TestLibrary library;
	Outcome out;
	out.nf = resolve(parse(text, "t", out.diagnostics), library, out.diagnostics, known_ports);
	return out;
}

TEST(Resolve, firewall)
{
	for (const char* path : {"examples/firewall.table", "examples/firewall.click"}) {
		const std::string text = read_source_file(path);
		const Outcome r = resolve_text(text);
		EXPECT_TRUE(r.diagnostics.ok()) << rendered(r.diagnostics, text);
		EXPECT_EQ(r.nf.nodes.size(), 12u);
		EXPECT_EQ(r.nf.depth, 9); // ingress, root, FromDevice … WriteWL, ToDevice
		EXPECT_EQ(r.nf.deepest.size(), 8u);
	}
}

TEST(Resolve, ports_in_order_of_appearance)
{
	const Outcome r = resolve_text("FromDevice(b) -> ToDevice(a); FromDevice(a) -> ToDevice(c)");
	EXPECT_EQ(r.nf.ports, (std::vector<std::string>{"b", "a", "c"}));
	EXPECT_EQ(r.nf.entries, (std::vector<int>{0, 2, -1}));
	EXPECT_EQ(r.nf.nodes[3].values[0], (std::vector<std::uint8_t>{2, 0, 0, 0}));
}

TEST(Resolve, known_ports_keep_their_index)
{
	const Outcome r = resolve_text("FromDevice(new) -> ToDevice(b)", {"a", "b"});
	EXPECT_EQ(r.nf.ports, (std::vector<std::string>{"a", "b", "new"}));
	EXPECT_EQ(r.nf.entries, (std::vector<int>{-1, -1, 0}));
	EXPECT_EQ(r.nf.nodes[1].values[0], (std::vector<std::uint8_t>{1, 0, 0, 0}));
}

TEST(Resolve, as_many_outputs_as_are_connected_and_none_left_out)
{
	for (const std::size_t n : {1u, 2u, 32u}) {
		std::string text = "FromDevice(p) -> s :: Share;";
		for (std::size_t i = 0; i < n; i++)
			text += "s[" + std::to_string(i) + "] -> Discard;";
		const Outcome r = resolve_text(text);
		ASSERT_TRUE(r.diagnostics.ok()) << rendered(r.diagnostics, text);
		EXPECT_EQ(r.nf.nodes[1].out.size(), n);
	}
	for (const auto& [text, message] : std::map<std::string, std::string>{
		 {"FromDevice(p) -> s :: Share; s[2] -> Discard", "output 1 of s"},
		 {"FromDevice(p) -> s :: Share", "output 0 of s"},
		 {"FromDevice(p) -> s :: Share; s[32] -> Discard", "a node can have 32"}}) {
		const Outcome r = resolve_text(text);
		EXPECT_FALSE(r.diagnostics.ok()) << text;
		EXPECT_NE(rendered(r.diagnostics, text).find(message), std::string::npos)
		    << rendered(r.diagnostics, text);
	}
}

TEST(Resolve, outputs)
{
	const Outcome r = resolve_text(
	    "FromDevice(p) -> c :: CheckIPHeader -> Discard; FromDevice(q) -> x :: Classifier(0/00, 0/01, -);"
	    "x => Discard, Discard, Discard");
	ASSERT_TRUE(r.diagnostics.ok()) << rendered(r.diagnostics, "");
	EXPECT_EQ(r.nf.nodes[1].out, (std::vector<int>{2, -1})); // `bad` may stay open
	EXPECT_EQ(r.nf.nodes[4].out, (std::vector<int>{5, 6, 7}));
}

TEST(Resolve, arguments_positional_keyword_and_default)
{
	const std::string frame[] = {"FromDevice(p) -> ", " -> Discard"};
	const std::vector<std::uint8_t> rate{0xe8, 3, 0, 0, 0, 0, 0, 0}, burst{16, 0, 0, 0}, mode{1, 0, 0, 0},
	    second{0, 0xca, 0x9a, 0x3b, 0, 0, 0, 0}, drop{0, 0, 0, 0};
	for (const char* written :
	     {"Limit(1000, 16, 1s, mark)", "Limit(MODE mark, TIMEOUT 1s, RATE 1k)", "Limit(1k, MODE mark, TIMEOUT 1s)",
	      "Limit(1000, -, 1s, mark)", "Limit(TIMEOUT 1s, 1000, MODE mark, 16)", "Limit(1000, , 1s, \"mark\")"}) {
		const Outcome r = resolve_text(frame[0] + written + frame[1]);
		ASSERT_TRUE(r.diagnostics.ok()) << written << rendered(r.diagnostics, "");
		EXPECT_EQ(r.nf.nodes[1].values, (std::vector<std::vector<std::uint8_t>>{rate, burst, second, mode}))
		    << written;
	}
}

// 100,000 nodes: refused, but soon, and without deep recursion.
TEST(Resolve, large_intents)
{
	std::string text = "FromDevice(p)";
	for (int i = 0; i < 100000; ++i)
		text += " -> Null";
	text += " -> Discard";
	const std::clock_t start = std::clock();
	const Outcome r = resolve_text(text);
	const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
	EXPECT_EQ(r.nf.depth, 100003);
	ASSERT_EQ(r.diagnostics.list().size(), 2u);
	EXPECT_NE(r.diagnostics.list()[0].message.find("this path takes 100003 tail calls; the kernel allows 33"),
		  std::string::npos);
	EXPECT_EQ(r.diagnostics.list()[1].message, "100002 nodes; an NF can have 1023");
	EXPECT_LT(seconds, 30); // of processor time; quadratic would be minutes
}

} // namespace
} // namespace nfup::intent::test
