// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <cstring>

#include "intent/patterns.h"

namespace nfup::intent::test {
namespace {

// "12+2 0800/ffff !": offset, length, value and mask as in the frame, flags.
std::string show(const classifier_test& t)
{
	char text[80];
	unsigned char mask[4], value[4];
	std::memcpy(mask, &t.mask, 4);
	std::memcpy(value, &t.value, 4);
	std::snprintf(text, sizeof text, "%u+%u %02x%02x%02x%02x/%02x%02x%02x%02x%s%s", t.offset, t.length, value[0],
		      value[1], value[2], value[3], mask[0], mask[1], mask[2], mask[3],
		      t.flags & CLASSIFIER_NEGATE ? " !" : "", t.flags & CLASSIFIER_MORE ? " more" : "");
	return text;
}

std::string compiled(const std::vector<std::string>& patterns)
{
	const auto program = compile_patterns(patterns);
	if (!program)
		return program.error();
	std::string out;
	for (unsigned i = 0; i < program->patterns; ++i) {
		out += i ? " | " : "";
		for (unsigned n = 0; n < program->count[i]; ++n)
			out += (n ? "; " : "") + show(program->test[program->first[i] + n]);
	}
	return out;
}

TEST(Patterns, compile)
{
	EXPECT_EQ(compiled({"12/0800", "-"}), "12+2 08000000/ffff0000 | ");
	EXPECT_EQ(compiled({"12/0806 20/0001", "12/0800"}),
		  "12+2 08060000/ffff0000; 20+2 00010000/ffff0000 | 12+2 08000000/ffff0000");
	EXPECT_EQ(compiled({"14/4?"}), "14+1 40000000/f0000000");
	EXPECT_EQ(compiled({"33/02%12"}), "33+1 02000000/12000000");
	EXPECT_EQ(compiled({"33/ff%12"}), "33+1 12000000/12000000");
	EXPECT_EQ(compiled({"0/ffffffffffff"}), "0+4 ffffffff/ffffffff more; 4+2 ffff0000/ffff0000");
	EXPECT_EQ(compiled({"!0/ffffffffffff"}), "0+4 ffffffff/ffffffff ! more; 4+2 ffff0000/ffff0000 !");
	EXPECT_EQ(compiled({"!12/0800 23/06"}), "12+2 08000000/ffff0000 !; 23+1 06000000/ff000000");
	// Bytes that nobody looks at are not asked of the frame.
	EXPECT_EQ(compiled({"0/????08??"}), "2+1 08000000/ff000000");
	EXPECT_EQ(compiled({"0/01????????????02"}), "0+1 01000000/ff000000 more; 7+1 02000000/ff000000");
	EXPECT_EQ(compiled({"0/????"}), "");
	EXPECT_EQ(compiled({"\"12/0800\""}), "12+2 08000000/ffff0000");
}

TEST(Patterns, refuse)
{
	EXPECT_EQ(compiled({}), "it needs at least one pattern, as in 12/0800");
	EXPECT_EQ(compiled({""}), "pattern 0 is empty; `-` matches everything");
	EXPECT_EQ(compiled({"ip"}), "`ip`: a pattern is OFFSET/VALUE, as in 12/0800");
	EXPECT_EQ(compiled({"12/080"}), "`12/080`: the value needs two hex digits a byte");
	EXPECT_EQ(compiled({"12/08xx"}), "`12/08xx`: `x` is neither a hex digit nor `?`");
	EXPECT_EQ(compiled({"12/08%f"}), "`12/08%f`: the mask is not as long as the value");
	EXPECT_EQ(compiled({"12/08%?f"}), "`12/08%?f`: `?` in the mask is no hex digit");
	EXPECT_EQ(compiled({"99999/08"}), "`99999/08`: no frame is that long");
	EXPECT_EQ(compiled({"!0/??"}), "`!0/??`: it matches everything, so negated it never matches");
	EXPECT_EQ(compiled(std::vector<std::string>(17, "-")), "17 patterns; there can be 16");
	EXPECT_EQ(compiled({std::string("0/") + std::string(520, '0')}), "the patterns test more than 256 bytes");
}

} // namespace
} // namespace nfup::intent::test
