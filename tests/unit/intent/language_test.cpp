// SPDX-License-Identifier: BSD-2-Clause
// The examples of docs/language.md do what the page says. A fenced block is
// `click` or `table`; `means` behind that: the same graph as the block before;
// `wrong`: refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "support.h"

namespace nfup::intent::test {
namespace {

struct Example {
	std::string kind; // "click", "table means", …
	std::string text;
	int line = 0;
};

std::vector<Example> examples()
{
	std::istringstream page(read_source_file("docs/language.md"));
	std::vector<Example> out;
	bool inside = false;
	int number = 0;

	for (std::string line; std::getline(page, line);) {
		++number;
		if (line.starts_with("```")) {
			inside = !inside;
			if (inside)
				out.push_back({line.substr(3), {}, number});
		} else if (inside) {
			out.back().text += line + "\n";
		}
	}
	return out;
}

// Nodes by name and edges by names: in which order they stand is no matter.
std::string sorted(const Graph& graph)
{
	std::istringstream parts(show(graph));
	std::vector<std::string> lines;
	std::string out;

	for (std::string part; std::getline(parts, part, ';');)
		lines.push_back(part.substr(part.find_first_not_of(' ')));
	std::sort(lines.begin(), lines.end());
	for (const std::string& line : lines)
		out += line + "\n";
	return out;
}

TEST(Language, examples_of_the_manual)
{
	std::string before;
	int tested = 0;

	for (const Example& e : examples()) {
		SCOPED_TRACE("docs/language.md:" + std::to_string(e.line));
		ASSERT_TRUE(e.kind.starts_with("click") || e.kind.starts_with("table")) << e.kind;
		const Parsed p = parse_text(e.text);
		EXPECT_EQ(p.diagnostics.ok(), !e.kind.ends_with("wrong")) << rendered(p.diagnostics, e.text);
		EXPECT_EQ(detect_form(e.text), e.kind.starts_with("click") ? Form::click : Form::table);
		if (e.kind.ends_with("means")) {
			EXPECT_EQ(sorted(p.graph), before);
		}
		before = sorted(p.graph);
		++tested;
	}
	EXPECT_GT(tested, 20);
}

} // namespace
} // namespace nfup::intent::test
