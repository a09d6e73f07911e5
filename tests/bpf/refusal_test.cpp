// SPDX-License-Identifier: BSD-2-Clause
// Classes that the verifier refuses, each for one of the usual reasons (bad/): the
// author is shown the line marked `refused`, why, and the mend.
//
// NFUP_KEEP_LOGS=DIR keeps what the kernel wrote: that is where the logs in
// tests/unit/loader/verifier_logs/ are from.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "loader/class_library.h"
#include "loader/files.h"
#include "loader/program.h"
#include "loader/verifier_log.h"

namespace nfup::test {
namespace {

struct Bad {
	const char* cls;
	const char* reason; // part of it
	const char* mend;
};

const Bad bad_classes[] = {
    {"ArgumentUntested", "may be NULL", "test it first"},
    {"AtUntested", "no check says that the frame is long enough here", "at(ctx, offset, size)"},
    {"CodeNeverReached", "no path comes to", "inline assembly"},
    {"ConstantWritten", "writes to a constant", "packet context"},
    {"ContextTooFar", "struct xdp_md has no field of 4 bytes at offset 100", "by their names"},
    {"HelperOfOthers", "skb_pull_data", "bpf-helpers(7)"},
    {"IndexTooLarge", "may reach byte 123 of a value of 80 bytes", "compare it with a constant"},
    {"IndexUnbounded", "no bound", "compare it with a constant"},
    {"LengthUnbounded", "length has no upper bound", "compare it with a constant"},
    {"LookupUntested", "may be NULL", "test it first"},
    {"LoopForever", "no end can be proven", "constant bound"},
    {"NumberAsPointer", "a number to the verifier", "at()"},
    {"OffsetUnbounded", "added to this pkt pointer may be any number", "at()"},
    {"PacketTooFar", "only 14 bytes are checked, and this uses 1 at offset 23", "at(ctx, offset, size)"},
    {"PacketUnchecked", "long enough here", "at(ctx, offset, size)"},
    {"PointerAfterAdjust", "a number to the verifier", "after bpf_xdp_adjust_head()"},
    {"PointerShifted", "as if they were numbers", "at()"},
    {"PointerToUnknown", "moved before it is used", "by their names"},
    {"RegisterUnset", "has not written", "where it is declared"},
    {"SocketKept", "not given back on every path", "bpf_sk_release"},
    {"StackBelowTailCall", "bytes of stack are in use", "256 where a called function"},
    {"StackOfTwo", "2 functions that call each other need", "smaller"},
    {"TooManySteps", "more than 1000001 steps", "smaller constant bound"},
    {"WrongArgument", "argument 2 of this call is of kind 'scalar'", "pass an address"},
    {"WrongMapForTailCall", "no prog array", "NEXT(i)"},
};

// The number and text of the marked line; 0 when there is none.
std::pair<int, std::string> marked_line(const std::string& file)
{
	std::ifstream source(file);
	int number = 1;
	for (std::string line; std::getline(source, line); number++)
		if (line.contains("/* refused */"))
			return {number, line};
	return {};
}

class Refusal : public testing::TestWithParam<Bad> {
protected:
	// Compiled once for all the tests of a build.
	static loader::Library& library()
	{
		static loader::Library library({NFUP_BPF, {NFUP_BAD_CLASSES}, NFUP_TEST_CACHE});
		return library;
	}
};

TEST_P(Refusal, ShowsLineReasonAndMend)
{
	if (geteuid() != 0)
		GTEST_SKIP() << "needs root: it loads BPF programs";
	const Bad& bad = GetParam();
	const auto cls = library().get(bad.cls);
	ASSERT_TRUE(cls && *cls) << (cls ? "no such class" : cls.error().message);
	std::vector<std::string> names = {"slots", "pkt", "counters"};
	names.insert(names.end(), (*cls)->info.state.begin(), (*cls)->info.state.end());
	const auto maps = loader::create_maps((*cls)->object.path, names);
	ASSERT_TRUE(maps) << maps.error().message;
	loader::NodeProgram program{(*cls)->object.path, bad.cls, "node", {}, {}};
	for (const auto& [name, fd] : *maps)
		program.maps[name] = fd.get();

	const auto loaded = loader::load_program(program);
	ASSERT_FALSE(loaded) << "the verifier takes it";
	const Error& error = loaded.error();
	EXPECT_EQ(error.kind, ErrorKind::refused);
	ASSERT_TRUE(error.verifier) << error.message;
	const VerifierRefusal& refusal = *error.verifier;
	if (const char* folder = std::getenv("NFUP_KEEP_LOGS")) {
		ASSERT_TRUE(write_file(std::string(folder) + "/" + bad.cls + ".log", refusal.log, false));
	}

	EXPECT_TRUE(refusal.reason.contains(bad.reason)) << error.message;
	EXPECT_TRUE(refusal.mend.contains(bad.mend)) << refusal.mend;
	EXPECT_EQ(error.hint, refusal.mend);
	EXPECT_TRUE(refusal.log.contains(refusal.said.substr(0, refusal.said.find('\n')))) << refusal.said;
	const auto [line, text] = marked_line((*cls)->info.source);
	if (line == 0) { // stacks: no line is to blame
		EXPECT_FALSE(refusal.where) << error.message;
		return;
	}
	// In a header it is the class's line that led there.
	ASSERT_TRUE(refusal.where) << error.message;
	EXPECT_EQ(refusal.where->file, (*cls)->info.source);
	EXPECT_EQ(refusal.where->line, line) << error.message;
	EXPECT_EQ(refusal.where->text, text);
	EXPECT_TRUE(error.message.contains((*cls)->info.source + ":" + std::to_string(line) + ":")) << error.message;
}

TEST(RefusalClasses, AllAreTested)
{
	for (const auto& entry : std::filesystem::directory_iterator(NFUP_BAD_CLASSES)) {
		const std::string file = entry.path().filename();
		EXPECT_TRUE(std::ranges::any_of(bad_classes, [&](const Bad& bad) {
			return file == std::string(bad.cls) + ".bpf.c";
		})) << file;
	}
}

INSTANTIATE_TEST_SUITE_P(Classes, Refusal, testing::ValuesIn(bad_classes),
			 [](const auto& parameter) { return std::string(parameter.param.cls); });

} // namespace
} // namespace nfup::test
