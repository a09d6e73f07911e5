// SPDX-License-Identifier: BSD-2-Clause
// How long parsing and resolving take as an intent grows: chains of 1,000 to
// 100,000 nodes in both forms, best of five. Prints CSV.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "intent/parse.h"
#include "intent/resolve.h"
#include "tests/unit/intent/test_library.h"

using namespace nfup::intent;

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start)
{
	return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string chain_click(int nodes)
{
	std::string text = "FromDevice(p)";
	for (int i = 0; i < nodes - 2; ++i)
		text += "\n -> Strip(14)";
	return text + " -> Discard;\n";
}

std::string chain_table(int nodes)
{
	std::string text = "- - - FromDevice p\n", last = "FromDevice";
	for (int i = 0; i < nodes - 2; ++i) {
		std::string next = "Strip@" + std::to_string(i + 1);
		text += last + " 0 - - " + next + " 14\n";
		last = std::move(next);
	}
	return text + last + " 0 - - Discard\n";
}

void measure(const char* form, const std::string& text, int nodes)
{
	double parse_ms = 1e9, resolve_ms = 1e9;

	for (int i = 0; i < 5; ++i) {
		test::TestLibrary library;
		Diagnostics diagnostics;
		auto start = Clock::now();
		const Graph graph = parse(text, "bench", diagnostics);
		parse_ms = std::min(parse_ms, ms_since(start));
		start = Clock::now();
		const Resolved nf = resolve(graph, library, diagnostics); // refused for its depth
		resolve_ms = std::min(resolve_ms, ms_since(start));
	}
	std::printf("%s,%d,%.2f,%.2f,%.2f\n", form, nodes, parse_ms, resolve_ms,
		    1000 * (parse_ms + resolve_ms) / nodes);
}

} // namespace

int main()
{
	std::puts("form,nodes,parse_ms,resolve_ms,us_per_node");
	for (const int nodes : {1000, 2000, 5000, 10000, 20000, 50000, 100000}) {
		measure("click", chain_click(nodes), nodes);
		measure("table", chain_table(nodes), nodes);
	}
}
