// SPDX-License-Identifier: BSD-2-Clause
// Printing and parsing again is the identity, in both forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include "intent/print.h"
#include "support.h"
#include "test_library.h"

namespace nfup::intent::test {
namespace {

// A graph as its nodes and edges by name: what both forms must keep.
std::string canonical(const Graph& g)
{
	return show(g);
}

void expect_round_trip(const Graph& graph)
{
	for (const Form form : {Form::click, Form::table}) {
		const std::string text = form == Form::click ? print_click(graph) : print_table(graph);
		const Parsed p = parse_text(text);
		ASSERT_TRUE(p.diagnostics.ok()) << text << rendered(p.diagnostics, text);
		ASSERT_EQ(canonical(p.graph), canonical(graph)) << text;
	}
}

TEST(Print, firewall_round_trip)
{
	for (const char* path : {"examples/firewall.table", "examples/firewall.click"}) {
		const Parsed p = parse_text(read_source_file(path));
		ASSERT_TRUE(p.diagnostics.ok());
		expect_round_trip(p.graph);
	}
}

// The two examples are one NF: the same graph but for the names.
TEST(Print, both_forms_of_the_firewall_are_one_graph)
{
	Graph table = parse_text(read_source_file("examples/firewall.table")).graph;
	Graph click = parse_text(read_source_file("examples/firewall.click")).graph;
	const auto edges = [](const Graph& g) {
		std::set<std::tuple<std::string, int, std::string, int>> out;
		const auto key = [&](int i) {
			const Node& n = g.nodes[static_cast<std::size_t>(i)];
			return n.cls + "(" + (n.args.empty() ? "" : n.args[0]) + ")";
		};
		for (const Edge& e : g.edges)
			out.emplace(key(e.from), e.out, key(e.to), e.in);
		return out;
	};
	EXPECT_EQ(table.nodes.size(), click.nodes.size());
	EXPECT_EQ(table.edges.size(), click.edges.size());
	EXPECT_EQ(edges(table), edges(click)); // classes and arguments tell the nodes apart
}

// What parse cannot give is not asked for: arguments are as the parser leaves
// them, names are unique, edges are sorted and none is there twice.
class RandomGraph {
public:
	explicit RandomGraph(unsigned seed) : random_(seed) {}

	Graph make()
	{
		Graph g;
		std::set<std::string> names;
		const int nodes = pick(1, 30);
		for (int i = 0; i < nodes; ++i) {
			Node n;
			n.cls = classes[pick(0, 3)];
			n.name = name(n.cls);
			if (!names.insert(n.name).second)
				continue;
			const int args = pick(0, 3);
			for (int k = 0; k < args; ++k)
				n.args.push_back(arguments[pick(0, std::size(arguments) - 1)]);
			g.nodes.push_back(std::move(n));
		}
		std::set<std::tuple<int, int, int, int>> edges;
		const int last = static_cast<int>(g.nodes.size()) - 1, many = pick(0, 60);
		for (int i = 0; i < many; ++i)
			edges.emplace(pick(0, last), pick(0, 5), pick(0, last), pick(0, 2));
		for (const auto& [from, out, to, in] : edges)
			g.edges.push_back({from, out, to, in, {}});
		return g;
	}

private:
	int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

	std::string name(const std::string& cls)
	{
		switch (pick(0, 4)) {
		case 0:
			return cls;
		case 1:
			return cls + "@" + std::to_string(pick(1, 9));
		case 2:
			return "fw/" + cls + std::to_string(pick(0, 99));
		case 3:
			return "@" + std::to_string(pick(1, 9)) + "/n" + std::to_string(pick(0, 9));
		default:
			return "n" + std::to_string(pick(0, 99));
		}
	}

	static constexpr const char* classes[] = {"A", "Strip", "Queue_2", "b"};
	static constexpr const char* arguments[] = {"1",
						    "-",
						    "12/0800",
						    "12/0800 20/01",
						    "LENGTH 14",
						    "\"a, b\"",
						    "'x  y'",
						    "f(1, 2)",
						    "\\<41 42>",
						    "\"say \\\"hi\\\"\"",
						    "a\"b\"c",
						    "10.0.0.0/8",
						    "fe80::1",
						    "A B",
						    "p1 -> p2",
						    "::",
						    "\"two\nlines\"",
						    "a/",
						    "[1]",
						    "{x}",
						    "$x",
						    "5;",
						    "|",
						    "#1",
						    "A",
						    "0"};

	std::mt19937 random_;
};

TEST(Print, random_graphs_round_trip)
{
	for (unsigned seed = 0; seed < 500; ++seed) {
		SCOPED_TRACE(seed);
		ASSERT_NO_FATAL_FAILURE(expect_round_trip(RandomGraph(seed).make()));
	}
}

TEST(Print, dot_shows_ports_atoms_and_state)
{
	TestLibrary library;
	ClassInfo atom = **library.find("ReadFSM");
	atom.state = {"FSM"};
	library.add(atom);
	const Parsed p = parse_text("fsm :: ReadFSM; FromDevice(\"a<b\") -> fsm => Discard, Null, Null;");
	const std::string dot = print_dot(p.graph, library, "t");
	EXPECT_NE(dot.find("digraph \"t\" {"), std::string::npos);
	EXPECT_NE(dot.find("<b>fsm</b>"), std::string::npos);
	EXPECT_NE(dot.find("&quot;a&lt;b&quot;"), std::string::npos);
	EXPECT_NE(dot.find("label=\" 1 invalid\""), std::string::npos);
	EXPECT_NE(dot.find("\"state FSM\" [label=\"FSM\", shape=cylinder"), std::string::npos);
}

} // namespace
} // namespace nfup::intent::test
