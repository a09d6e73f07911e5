// SPDX-License-Identifier: BSD-2-Clause
// The .canary language: what is read, and what is said of mistakes.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "upgrade/canary_file.h"
#include "upgrade/canary_judge.h"

namespace nfup::upgrade {
namespace {

const std::vector<std::string> ports = {"p1", "p2", "out"};

CanaryFile parse(const std::string& text, intent::Diagnostics& diagnostics)
{
	return parse_canary(text, "fw.canary", ports, {true, true, false}, diagnostics);
}

CanaryFile parse(const std::string& text)
{
	intent::Diagnostics diagnostics;
	CanaryFile file = parse(text, diagnostics);
	for (const auto& d : diagnostics.list())
		ADD_FAILURE() << intent::render(d, text);
	return file;
}

TEST(CanaryFile, CasesStepsVerdicts)
{
	const CanaryFile file = parse(R"(
# a comment
let base = Ethernet() / IPv4(src=10.0.0.1)   # another
case "one"
	p1: base / TCP(flags=S)
		=> forward to out, same
	p2: base
	    / UDP() => drop
	p1: base / UDP() => drop bad-ip-checksum
case "two"
	p1: base => pass as Ethernet() / IPv4(ttl=63, checksum=ok)
	p1: base => forward to p2, same with IPv4(ttl=63)
	p1: base => any
	p1: base)");
	ASSERT_EQ(file.cases.size(), 2u);
	EXPECT_EQ(file.cases[0].name, "one");
	ASSERT_EQ(file.cases[0].steps.size(), 3u);
	const auto& first = file.cases[0].steps[0];
	EXPECT_EQ(first.line, 5);
	EXPECT_EQ(first.port, 0);
	EXPECT_EQ(first.text, "base / TCP(flags=S)");
	EXPECT_EQ(first.frame.size(), 54u);
	EXPECT_EQ(first.expect.verdict, Expectation::Verdict::forward);
	EXPECT_EQ(first.expect.port, 2);
	EXPECT_EQ(first.expect.output, Expectation::Output::same);
	EXPECT_EQ(first.expect.text, "forward to out, same");
	EXPECT_EQ(file.cases[0].steps[1].expect.verdict, Expectation::Verdict::drop);
	EXPECT_FALSE(file.cases[0].steps[1].expect.reason);
	EXPECT_EQ(file.cases[0].steps[2].expect.reason, NFUP_DROP_BAD_IP_CHECKSUM);
	const auto& two = file.cases[1].steps;
	ASSERT_EQ(two.size(), 4u);
	EXPECT_EQ(two[0].expect.verdict, Expectation::Verdict::pass);
	EXPECT_EQ(two[0].expect.output, Expectation::Output::like);
	EXPECT_EQ(two[1].expect.output, Expectation::Output::same_with);
	EXPECT_EQ(two[2].expect.verdict, Expectation::Verdict::any);
	EXPECT_EQ(two[3].expect.verdict, Expectation::Verdict::any);
}

TEST(CanaryFile, Mistakes)
{
	struct {
		const char* text; // behind `case "x"` and a line end
		const char* said; // the whole of it
	} const table[] = {
	    {"p3: Ethernet() / IPv4()",
	     "fw.canary:2:1: error: the intent has no port p3\n    p3: Ethernet() / IPv4()\n    ^\n"
	     "    hint: its ports here: p1, p2\n"},
	    {"out: Ethernet() / IPv4()",
	     "fw.canary:2:1: error: the intent receives nothing from port out\n    out: Ethernet() / IPv4()\n    ^\n"
	     "    hint: its ports here: p1, p2\n"},
	    {"p1: Ethernet() / IP4()", "fw.canary:2:18: error: there is no layer 'IP4'\n    p1: Ethernet() / IP4()\n"
				       "                     ^\n    hint: did you mean IPv4?\n"},
	    {"p1: Ethernet() / IPv4(tll=3)",
	     "fw.canary:2:23: error: IPv4 has no field 'tll'\n    p1: Ethernet() / IPv4(tll=3)\n"
	     "                          ^\n    hint: did you mean ttl?\n"},
	    {"p1: Ethernet() / IPv4(ttl=256)",
	     "fw.canary:2:27: error: IPv4 ttl cannot be '256'\n    p1: Ethernet() / IPv4(ttl=256)\n"
	     "                              ^\n    hint: it takes a number up to 255\n"},
	    {"p1: Ethernet() / IPv4(src=10.0.0)",
	     "fw.canary:2:27: error: IPv4 src cannot be '10.0.0'\n    p1: Ethernet() / IPv4(src=10.0.0)\n"
	     "                              ^\n    hint: it takes an IPv4 address\n"},
	    {"p1: Ethernet() / TCP(flags=SX)",
	     "fw.canary:2:28: error: TCP flags cannot be 'SX'\n    p1: Ethernet() / TCP(flags=SX)\n"
	     "                               ^\n    hint: it takes letters of FSRPAU, or a number up to 255\n"},
	    {"p1: Ethernet() / TCP(sport=1, sport=2)",
	     "fw.canary:2:31: error: sport is given twice\n    p1: Ethernet() / TCP(sport=1, sport=2)\n"
	     "                                  ^\n"},
	    {"p1: Ethernet() / Hex(0 1)x",
	     "fw.canary:2:26: error: the intent has no port x\n    p1: Ethernet() / Hex(0 1)x\n"
	     "                             ^\n    hint: its ports here: p1, p2\n"},
	    {"p1: Ethernet() / Hex(012)",
	     "fw.canary:2:22: error: these are no hex digits in pairs\n    p1: Ethernet() / Hex(012)\n"
	     "                         ^\n    hint: as in Hex(00 1b 2c)\n"},
	    {"p1: Hex(00)", "fw.canary:2:5: error: a frame of 1 bytes cannot be run\n    p1: Hex(00)\n        ^\n"
			    "    hint: it may have 14 to 3520 bytes\n"},
	    {"p1: Ethernet() cut to 99",
	     "fw.canary:2:23: error: cut to 99: a number from 0 to 14 is needed here\n    p1: Ethernet() cut to 99\n"
	     "                          ^\n"},
	    {"p1: Ethernet() => drop bad-checksum",
	     "fw.canary:2:24: error: there is no reason 'bad-checksum' to drop a packet\n"
	     "    p1: Ethernet() => drop bad-checksum\n                           ^\n"
	     "    hint: did you mean bad-ip-checksum or bad-l4-checksum?\n"},
	    {"p1: Ethernet() => accept",
	     "fw.canary:2:19: error: there is no verdict 'accept'\n    p1: Ethernet() => accept\n                      ^\n"
	     "    hint: write forward to PORT, drop, drop REASON, pass (to the host) or any\n"},
	    {"p1: Ethernet() => drop, same",
	     "fw.canary:2:23: error: a dropped packet does not come out\n    p1: Ethernet() => drop, same\n"
	     "                          ^\n    hint: leave out what it should look like\n"},
	    {"p1: Ethernet() => forward p2",
	     "fw.canary:2:27: error: expected 'to' and a port, not 'p2'\n    p1: Ethernet() => forward p2\n"
	     "                              ^\n"},
	    {"p1: Ethernet() / \"open",
	     "fw.canary:2:18: error: a text without its end\n    p1: Ethernet() / \"open\n                     ^\n"
	     "    hint: close it with \"\n"},
	    {"case \"x\"", "fw.canary:2:6: error: there is a case \"x\" already\n    case \"x\"\n         ^\n"
			   "    hint: messages name cases: give each a name of its own\n"},
	    {"let TCP = Ethernet()",
	     "fw.canary:2:5: error: 'TCP' is a layer\n    let TCP = Ethernet()\n        ^\n    hint: choose another name\n"},
	};
	for (const auto& row : table) {
		const std::string text = std::string("case \"x\"\n") + row.text + "\n";
		intent::Diagnostics diagnostics;
		parse(text, diagnostics);
		ASSERT_FALSE(diagnostics.list().empty()) << row.text;
		EXPECT_EQ(intent::render(diagnostics.list()[0], text), row.said);
	}
	intent::Diagnostics outside;
	parse("p1: Ethernet()", outside);
	EXPECT_EQ(outside.list().at(0).message, "a packet outside of a case");
}

// One run shows every mistake; nothing makes the parser throw or hang.
TEST(CanaryFile, GoesOnBehindAMistake)
{
	intent::Diagnostics diagnostics;
	const CanaryFile file = parse(
	    "case \"x\"\np1: Nope()\np1: Ethernet() / UDP() => drop\np2: Ethernet( => any\nlet = 3\n", diagnostics);
	EXPECT_EQ(diagnostics.list().size(), 3u);
	ASSERT_EQ(file.cases.size(), 1u);
	EXPECT_EQ(file.cases[0].steps.size(), 1u);
	const std::string whole =
	    "case \"x\" let a = Ethernet(src=1) / \"\\x4\" p1: a / Hex(00) cut to 3 => drop, as # \n";
	for (std::size_t length = 0; length <= whole.size(); length++) {
		intent::Diagnostics ignored;
		parse(whole.substr(0, length), ignored);
	}
}

// What is expected, what became of the packet, and what is said of it.
TEST(CanaryJudge, VerdictsAndOutputs)
{
	const std::string in = "Ethernet() / IPv4(ttl=64) / TCP(dport=80) / \"data\"";
	const auto frame = [&](const std::string& text) {
		return parse("case \"x\"\np1: " + text).cases[0].steps[0].frame;
	};
	const auto trip = [&](std::uint32_t verdict, const std::string& out, std::vector<int> to = {}) {
		return Trip{verdict, {"a", "b"}, {}, std::move(to), frame(out)};
	};
	Trip dropped{XDP_DROP, {"a", "b"}, NFUP_DROP_DISCARD, {}, {}};
	Trip missed{XDP_ABORTED, {"a", "b"}, NFUP_DROP_TAIL_CALL_MISS, {}, {}};
	const std::string lower = "Ethernet() / IPv4(ttl=63) / TCP(dport=80) / \"data\"";
	const std::string stale = "Ethernet() / IPv4(ttl=63, checksum=1) / TCP(dport=80) / \"data\"";
	struct {
		const char* expect;
		Trip trip;
		const char* got; // null: as expected
	} const table[] = {
	    {"forward to p2", trip(XDP_REDIRECT, in, {1}), nullptr},
	    {"forward to p1", trip(XDP_REDIRECT, in, {1}), "forward to p2"},
	    {"forward to p1", trip(XDP_TX, in, {0}), nullptr},
	    {"forward to p1", dropped, "drop discard at b"},
	    {"drop discard", dropped, nullptr},
	    {"drop", dropped, nullptr},
	    {"drop denied", dropped, "drop discard at b"},
	    {"pass", trip(XDP_PASS, in), nullptr},
	    {"drop", trip(XDP_PASS, in), "pass"},
	    {"any", trip(XDP_PASS, in), nullptr},
	    {"any", missed, "a missed tail call behind b"},
	    {"any", Trip{XDP_ABORTED, {"a"}, {}, {}, {}}, "XDP_ABORTED from a"},
	    {"any", Trip{7, {"a"}, {}, {}, {}}, "verdict 7, which XDP does not know, from a"},
	    {"pass, same", trip(XDP_PASS, in), nullptr},
	    {"pass, same", trip(XDP_PASS, lower),
	     "pass as Ethernet() / IPv4(ttl=63) / TCP() / \"data\" (byte 22 is 3f, not 40)"},
	    {"pass, same with IPv4(ttl=63)", trip(XDP_PASS, lower), nullptr},
	    {"pass, same with IPv4(ttl=63)", trip(XDP_PASS, stale),
	     "pass as Ethernet() / IPv4(ttl=63, checksum=1) / TCP() / \"data\" (byte 24 is 00, not 55)"},
	    {"pass as Ethernet() / IPv4(ttl=63, checksum=ok) / TCP(dport=80)", trip(XDP_PASS, lower), nullptr},
	    {"pass as Ethernet() / IPv4(checksum=ok)", trip(XDP_PASS, stale),
	     "pass as Ethernet() / IPv4(ttl=63, checksum=1) / TCP() / \"data\" (IPv4 checksum is 1, not ok)"},
	    {"pass as Ethernet() / IPv4() / UDP()", trip(XDP_PASS, in),
	     "pass as Ethernet() / IPv4() / TCP() / \"data\" (layer 3 is TCP, not UDP)"},
	    {"pass as Ethernet() / IPv4() / TCP() / \"other\"", trip(XDP_PASS, in),
	     "pass as Ethernet() / IPv4() / TCP() / \"data\" (the payload differs)"},
	};
	for (const auto& row : table) {
		const CanaryFile file = parse("case \"x\"\np1: " + in + " => " + row.expect);
		const auto got = judge(file.cases[0].steps[0], row.trip, ports);
		EXPECT_EQ(got.value_or("as expected"), row.got ? row.got : "as expected") << row.expect;
	}
}

std::string read(const std::string& path)
{
	std::ifstream in(std::string(NFUP_SOURCE_DIR) + "/" + path);
	std::stringstream text;
	text << in.rdbuf();
	return text.str();
}

// Every example of the manual is read without a complaint.
TEST(CanaryFile, TheManualsExamples)
{
	std::istringstream manual(read("docs/canary.md"));
	std::string line, text;
	bool inside = false;
	int examples = 0;
	while (std::getline(manual, line)) {
		if (line == "```canary") {
			inside = true;
		} else if (inside && line == "```") {
			examples++;
			EXPECT_FALSE(parse(text).cases.empty()) << text;
			text.clear();
			inside = false;
		} else if (inside) {
			text += line + "\n";
		}
	}
	EXPECT_GE(examples, 3);
	EXPECT_GE(parse(read("examples/firewall.canary")).cases.size(), 5u);
}

} // namespace
} // namespace nfup::upgrade
