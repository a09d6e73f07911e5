// SPDX-License-Identifier: BSD-2-Clause
// Rules as arguments of a node: outputs, tables, and where mistakes are shown.
#include <gtest/gtest.h>

#include "bpf/lib/filter.h"
#include "intent/parse.h"
#include "intent/resolve.h"
#include "support.h"
#include "test_library.h"

namespace nfup::intent::test {
namespace {

struct Outcome {
	Resolved nf;
	Diagnostics diagnostics;
};

Outcome resolve_text(const std::string& text)
{
	static TestLibrary library;
	for (const char* name : {"IPFilter", "IPClassifier"}) {
		ClassInfo info;
		info.name = name;
		info.outputs = {{"out", false, true}};
		info.params = {
		    param("RULES", name == std::string("IPFilter") ? "rules" : "expressions", sizeof(filter_program))};
		library.add(info);
	}
	Outcome out;
	out.nf = resolve(parse(text, "t", out.diagnostics), library, out.diagnostics);
	return out;
}

const ResolvedNode& node(const Outcome& outcome, const std::string& name)
{
	for (const ResolvedNode& one : outcome.nf.nodes)
		if (one.name == name)
			return one;
	throw std::out_of_range(name);
}

TEST(FilterArguments, OutputsAndTables)
{
	const Outcome r = resolve_text(
	    "FromDevice(p) -> f :: IPFilter(allow tcp dst port 80 or 81 or 82 or 83 or 84, 2 udp, deny all);"
	    "f[0] -> c :: IPClassifier(syn, -) -> Discard; f[1] -> Discard; f[2] -> Discard;"
	    "c[1] -> Discard;");
	EXPECT_TRUE(r.diagnostics.ok());
	EXPECT_EQ(node(r, "f").out.size(), 3u);
	EXPECT_EQ(node(r, "c").out.size(), 2u);
	const auto& tables = node(r, "f").tables;
	ASSERT_EQ(tables.size(), 2u);
	EXPECT_EQ(tables[0].name, "filter_shapes");
	EXPECT_EQ(tables[0].bytes.size(), 2 * sizeof(filter_shape));
	EXPECT_EQ(tables[1].name, "filter_entries");
	EXPECT_EQ(tables[1].bytes.size(), 5 * (sizeof(filter_key) + sizeof(filter_entry)));
	EXPECT_TRUE(node(r, "Discard").tables.empty());
}

TEST(FilterArguments, AMistakeIsShownAtItsRule)
{
	const Outcome r =
	    resolve_text("FromDevice(p) -> f :: IPFilter(allow tcp,\n  allow dts port 80,\n  deny all) -> Discard");
	ASSERT_EQ(r.diagnostics.list().size(), 1u);
	const Diagnostic& d = r.diagnostics.list()[0];
	EXPECT_EQ(d.message, "f: rule 2 (`allow dts port 80`), character 7: unknown word `dts`");
	EXPECT_EQ(d.hint, "did you mean dns or dst?");
	EXPECT_EQ(d.where.line, 2);
	EXPECT_EQ(d.where.column, 3);
}

TEST(FilterArguments, ARuleThatNeverMatchesIsAWarning)
{
	const Outcome r =
	    resolve_text("FromDevice(p) -> f :: IPFilter(allow tcp,\n  deny tcp dst port 80,\n  deny all) -> Discard");
	EXPECT_TRUE(r.diagnostics.ok());
	ASSERT_EQ(r.diagnostics.list().size(), 1u);
	EXPECT_EQ(r.diagnostics.list()[0].severity, Severity::warning);
	EXPECT_EQ(r.diagnostics.list()[0].message, "f: rule 2 (`deny tcp dst port 80`) never matches");
	EXPECT_EQ(r.diagnostics.list()[0].where.line, 2);
}

} // namespace
} // namespace nfup::intent::test
