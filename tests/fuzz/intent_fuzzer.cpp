// SPDX-License-Identifier: BSD-2-Clause
// Any bytes as an intent: the passes must neither crash nor hang, and what they
// accept must survive printing and parsing in both forms.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "intent/depend.h"
#include "intent/parse.h"
#include "intent/print.h"
#include "intent/resolve.h"
#include "tests/unit/intent/support.h"
#include "tests/unit/intent/test_library.h"

using namespace nfup::intent;

namespace {

void expect_same(const Graph& graph, const std::string& printed, const char* form)
{
	Diagnostics diagnostics;
	const Graph again = parse(printed, "", diagnostics);
	if (diagnostics.ok() && test::show(again) == test::show(graph))
		return;
	std::fprintf(stderr, "%s does not give the graph back:\n%s\nwas %s\nis  %s\n%s", form, printed.c_str(),
		     test::show(graph).c_str(), test::show(again).c_str(),
		     test::rendered(diagnostics, printed).c_str());
	std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
	static test::TestLibrary library;
	const std::string text(reinterpret_cast<const char*>(data), size);
	Diagnostics diagnostics;

	const Graph graph = parse(text, "", diagnostics);
	const Resolved nf = resolve(graph, library, diagnostics);
	depend(nf, library, diagnostics);
	print_dot(graph, library, "fuzz");
	for (const Diagnostic& d : diagnostics.list())
		render(d, text);
	// Of NFs, that is: a Classifier with one pattern and two outputs, say, is a
	// mistake in Click and means something in a table.
	if (diagnostics.ok() && graph.nodes.size() < 1000 && graph.edges.size() < 10000) {
		expect_same(graph, print_click(graph), "Click");
		expect_same(graph, print_table(graph), "the table");
	}
	return 0;
}
