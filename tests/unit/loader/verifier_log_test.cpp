// SPDX-License-Identifier: BSD-2-Clause
// Logs of real refusals (tests/bpf/bad/, loaded on Linux 6.18) and the verifier's
// messages that this kernel or these rights do not bring about.
#include "loader/verifier_log.h"

#include <gtest/gtest.h>

#include "loader/files.h"
#include "loader/verifier_reasons.h"

namespace nfup::loader {
namespace {

std::string log_of(const std::string& name)
{
	auto text = read_file(NFUP_SOURCE_DIR "/tests/unit/loader/verifier_logs/" + name + ".log");
	return text ? *text : "";
}

struct Case {
	const char* log;
	int line; // in the class; 0: no line is to blame
	const char* reason;
};

const Case cases[] = {
    {"ArgumentUntested", 8, "this pointer may be NULL here"},
    {"AtUntested", 10, "no check says that the frame is long enough here"},
    {"ConstantWritten", 9, "this writes to a constant"},
    {"ContextTooFar", 8, "struct xdp_md has no field of 4 bytes at offset 100"},
    {"HelperOfOthers", 8, "XDP programs may not call bpf_skb_pull_data"},
    {"IndexTooLarge", 12, "this may reach byte 123 of a value of 64 bytes"},
    {"IndexUnbounded", 8, "this index or offset has no bound"},
    {"LengthUnbounded", 8, "this length has no upper bound"},
    {"LookupUntested", 12, "this pointer may be NULL here"},
    {"LoopForever", 8, "a loop for which no end can be proven"},
    {"NumberAsPointer", 8, "this is a number to the verifier, not a pointer"},
    {"OffsetUnbounded", 10, "what is added to this pkt pointer may be any number"},
    {"PacketTooFar", 12, "only 14 bytes are checked, and this uses 1 at offset 23"},
    {"PacketUnchecked", 10, "no check says that the frame is long enough here"},
    {"PointerAfterAdjust", 14, "this is a number to the verifier, not a pointer"},
    {"PointerShifted", 8, "pointers are computed with as if they were numbers"},
    {"PointerToUnknown", 10, "this pointer was moved before it is used"},
    {"RegisterUnset", 10, "a variable is read that this path has not written"},
    {"SocketKept", 11, "what is taken here is not given back on every path"},
    {"StackBelowTailCall", 0, "336 bytes of stack are in use where a called function ends in NEXT()"},
    {"StackOfTwo", 0, "2 functions that call each other need 656 bytes of stack"},
    {"TooManySteps", 8, "too much to verify: more than 1000001 steps over all paths"},
    {"WrongArgument", 10, "argument 2 of this call is of kind 'scalar', but the call takes: fp, pkt,"},
    {"WrongMapForTailCall", 11, "this jump goes through a map that is no prog array"},
};

class RealLog : public testing::TestWithParam<Case> {};

// From the log alone, as if the object had no line information.
TEST_P(RealLog, SaysLineAndReason)
{
	const Case& expected = GetParam();
	const std::string cls = expected.log;
	const auto refusal = explain_refusal(log_of(cls), {}, cls + ".bpf.c");
	ASSERT_TRUE(refusal);
	EXPECT_TRUE(refusal->reason.starts_with(expected.reason)) << refusal->reason;
	EXPECT_FALSE(refusal->mend.empty());
	EXPECT_EQ(refusal->where ? refusal->where->line : 0, expected.line);
	if (refusal->where) {
		EXPECT_EQ(refusal->where->file, cls + ".bpf.c");
		EXPECT_TRUE(render(*refusal).starts_with(cls + ".bpf.c:" + std::to_string(expected.line) +
							 ": error: " + refusal->reason + "\n"));
	}
	EXPECT_FALSE(refusal->from);
	EXPECT_EQ(refusal->said.find("processed "), std::string::npos) << refusal->said;
}

INSTANTIATE_TEST_SUITE_P(Logs, RealLog, testing::ValuesIn(cases),
			 [](const auto& parameter) { return std::string(parameter.param.log); });

// Kernels before 6.10 print the text of a line only: the object knows the rest.
TEST(VerifierLog, OldKernelsPrintNoPlace)
{
	const std::string text = "\tp->ip_proto = frame[23]; /* refused */";
	const SourceLines lines({{66, true, {"/lib/X.bpf.c", 10, 6, "\tif (!frame)"}},
				 {67, true, {"/lib/X.bpf.c", 12, 16, text}},
				 {69, true, {"/lib/X.bpf.c", 13, 9, "\treturn NEXT(0);"}}},
				80);
	const auto refusal = explain_refusal(log_of("PacketTooFar-6.1"), lines, "X.bpf.c");
	ASSERT_TRUE(refusal && refusal->where);
	EXPECT_EQ(*refusal->where, (SourceLine{"/lib/X.bpf.c", 12, 16, text}));
	EXPECT_EQ(render(*refusal),
		  "/lib/X.bpf.c:12:16: error: only 14 bytes are checked, and this uses 1 at offset 23\n" + text +
		      "\n\t              ^\n" +
		      "the verifier: invalid access to packet, off=23 size=1, R1(id=0,off=23,r=14)\n"
		      "R1 offset is outside of the packet");
	// In a function, whose instructions follow those of the program: by the text.
	const SourceLines short_program({{3, false, {"/lib/f.bpf.c", 12, 16, text}}}, 20);
	const auto in_function = explain_refusal(log_of("PacketTooFar-6.1"), short_program, "X.bpf.c");
	ASSERT_TRUE(in_function && in_function->where);
	EXPECT_EQ(in_function->where->file, "/lib/f.bpf.c");
}

TEST(VerifierLog, AHeaderIsShownWithTheLineThatLedThere)
{
	const auto refusal =
	    explain_refusal("; NFUP_MODULE(X, \"…\") @ X.bpf.c:4\n0: (bf) r6 = r1\n"
			    "; frame = at(ctx, p->cursor, 4); @ X.bpf.c:9\n1: (61) r1 = *(u32 *)(r6 +0)\n"
			    "; data += offset; @ bytes.h:19\n2: (0f) r1 += r2\n"
			    "math between pkt pointer and register with unbounded min value is not "
			    "allowed\n",
			    {}, "X.bpf.c");
	ASSERT_TRUE(refusal && refusal->where && refusal->from);
	EXPECT_EQ(refusal->where->file, "bytes.h");
	EXPECT_EQ(refusal->from->line, 9);
	EXPECT_NE(render(*refusal).find("X.bpf.c:9: note: on the way from here\nframe = at(ctx, p->cursor, 4);"),
		  std::string::npos);
}

TEST(VerifierLog, NothingSaidIsNoRefusal)
{
	EXPECT_FALSE(explain_refusal("", {}, "X.bpf.c"));
	EXPECT_FALSE(explain_refusal("processed 0 insns (limit 1000000) max_states_per_insn 0 total_states 0 "
				     "peak_states 0 mark_read 0\n",
				     {}, "X.bpf.c"));
}

TEST(VerifierLog, UnknownWordsAreShownAsTheyAre)
{
	const auto refusal = explain_refusal("0: (b7) r0 = 0\nsomething quite new\n", {}, "X.bpf.c");
	ASSERT_TRUE(refusal);
	EXPECT_EQ(refusal->reason, "something quite new");
	EXPECT_EQ(refusal->mend, "");
}

TEST(VerifierLog, ALongLogKeepsItsEnds)
{
	std::string log = "first\n";
	while (log.size() < 1 << 20)
		log += "; i++ @ X.bpf.c:7\n30: (04) w1 += 1\n";
	log += "BPF program is too large. Processed 1000001 insn\n";
	const auto refusal = explain_refusal(log, {}, "X.bpf.c");
	ASSERT_TRUE(refusal && refusal->where);
	EXPECT_EQ(refusal->where->line, 7);
	EXPECT_LT(refusal->log.size(), 300u << 10);
	EXPECT_TRUE(refusal->log.starts_with("first\n"));
	EXPECT_NE(refusal->log.find(" bytes left out "), std::string::npos);
}

// Damaged or hostile logs must not stop the report.
TEST(VerifierLog, EveryPrefixOfALogIsSurvived)
{
	const std::string log = log_of("SocketKept");
	ASSERT_FALSE(log.empty());
	for (std::size_t size = 0; size < log.size(); size += 7) {
		const auto refusal = explain_refusal(log.substr(0, size), {}, "SocketKept.bpf.c");
		EXPECT_TRUE(!refusal || !render(*refusal).empty());
	}
	EXPECT_NO_THROW(explain_refusal("99999999999999999999: (04) x\n; a @ b:99999999999999999999\nunreachable insn "
					"99999999999999999\n",
					{}, "X.bpf.c"));
}

TEST(VerifierReasons, OfOtherKernelsAndRights)
{
	const std::pair<const char*, const char*> said[] = {
	    {"invalid indirect read from stack R2 off -16+4 size 8", "never written"},
	    {"invalid read from stack off -24+0 size 8", "never written"},
	    {"R1 invalid mem access 'inv'", "a number to the verifier"},
	    {"R0 invalid mem access 'sock_or_null'", "may be NULL"},
	    {"R1 pointer arithmetic on map_value_or_null prohibited, null-check it first", "may be NULL"},
	    {"unknown func bpf_skb_pull_data#39", "no helper bpf_skb_pull_data"},
	    {"cannot call GPL-restricted function from non-GPL compatible program", "GPL licence only"},
	    {"back-edge from insn 12 to 4", "no end can be proven"},
	    {"The sequence of 8193 jumps is too complex.", "too many paths"},
	    {"R0 !read_ok", "without a value being returned"},
	    {"At program exit the register R0 has unknown scalar value should have been in [0, 3]", "no verdict"},
	    {"tail_call would lead to reference leak", "still held at NEXT()"},
	    {"last insn is not an exit or jmp", "runs past its end"},
	    {"cannot pass map_type 1 into func bpf_tail_call#12", "no prog array"},
	    {"cannot pass map_type 2 into func bpf_redirect_map#51",
	     "bpf_redirect_map cannot work on a map of this type"},
	    {"R2 min value is negative, either use unsigned or 'var &= const'", "no bound"},
	    {"math between map_value pointer and 4294967295 is not allowed", "too large"},
	    {"R3 bitwise operator &= on pointer prohibited", "as if they were numbers"},
	    {"div by zero", "division by a constant 0"},
	    {"mixing of tail_calls and bpf-to-bpf calls is not supported", "cannot combine NEXT()"},
	    {"calling kernel function bpf_xdp_metadata_rx_hash is not allowed", "may not call this kernel function"},
	    {"the call stack of 9 frames is too deep !", "too deeply"},
	    {"misaligned packet access off 0+1+0+0 size 4", "not aligned"},
	    {"Caller passes invalid args into func#1 ('f')", "does not fit"},
	    {"Invalid name offset:1234", "type information"},
	};
	for (const auto& [words, reason] : said) {
		const Explanation explanation = explain(words);
		EXPECT_NE(explanation.reason.find(reason), std::string::npos) << words << ": " << explanation.reason;
		EXPECT_FALSE(explanation.mend.empty()) << words;
		EXPECT_EQ(explanation.reason.find('$'), std::string::npos) << explanation.reason;
	}
}

} // namespace
} // namespace nfup::loader
