// SPDX-License-Identifier: BSD-2-Clause
// Loads from rodata that become moves, and those that must not.
#include "loader/fold.h"

#include <gtest/gtest.h>

#include <vector>

namespace nfup::loader {
namespace {

constexpr int rodata = 7, other = 8; // file descriptors
const std::vector<std::uint8_t> bytes{0x11, 0x22, 0x33, 0x44, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0,
				      0,    0,    0,    0,    1,    0,    0,    0,    1, 0, 0, 0};

using Code = std::vector<bpf_insn>;

Code address(__u8 reg, int offset, int fd = rodata)
{
	return {{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = static_cast<__u8>(reg & 15),
		 .src_reg = BPF_PSEUDO_MAP_VALUE,
		 .off = 0,
		 .imm = fd},
		{.code = 0, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = offset}};
}

bpf_insn load(__u8 size, __u8 to, __u8 from, __s16 offset)
{
	return {.code = static_cast<__u8>(BPF_LDX | BPF_MEM | size),
		.dst_reg = static_cast<__u8>(to & 15),
		.src_reg = static_cast<__u8>(from & 15),
		.off = offset,
		.imm = 0};
}

bpf_insn jump(__s16 by)
{
	return {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 9, .src_reg = 0, .off = by, .imm = 0};
}

const bpf_insn call{.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 1};

Code operator+(Code code, const bpf_insn& insn)
{
	code.push_back(insn);
	return code;
}

Code operator+(Code code, const Code& more)
{
	code.insert(code.end(), more.begin(), more.end());
	return code;
}

std::size_t fold(Code& code)
{
	return fold_constants(code, rodata, bytes);
}

bool is_move(const bpf_insn& insn, __u8 to, __u32 value)
{
	return insn.code == (BPF_ALU | BPF_MOV | BPF_K) && insn.dst_reg == to && insn.imm == static_cast<__s32>(value);
}

TEST(FoldConstants, OfEverySize)
{
	Code code =
	    address(1, 0) + load(BPF_B, 2, 1, 1) + load(BPF_H, 3, 1, 2) + load(BPF_W, 4, 1, 4) + load(BPF_DW, 5, 1, 8);
	EXPECT_EQ(fold(code), 4u);
	EXPECT_TRUE(is_move(code[2], 2, 0x22));
	EXPECT_TRUE(is_move(code[3], 3, 0x4433));
	EXPECT_TRUE(is_move(code[4], 4, 0xffffffff));
	EXPECT_TRUE(is_move(code[5], 5, 1));
}

TEST(FoldConstants, WhatDoesNotFitIsLoaded)
{
	Code code = address(1, 16) + load(BPF_DW, 2, 1, 0) + load(BPF_W, 3, 1, 6) + load(BPF_W, 4, 1, -20);
	const Code before = code;
	EXPECT_EQ(fold(code), 0u);
	EXPECT_EQ(code[2].code, before[2].code);
}

TEST(FoldConstants, OfOurMapOnly)
{
	Code code = address(1, 0, other) + load(BPF_W, 2, 1, 0);
	EXPECT_EQ(fold(code), 0u);
}

// The address is gone once its register is written, also by the load itself and by calls.
TEST(FoldConstants, ThroughARegisterThatStillHasTheAddress)
{
	const bpf_insn add{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1, .src_reg = 0, .off = 0, .imm = 4};
	Code written = address(1, 0) + add + load(BPF_W, 2, 1, 0);
	EXPECT_EQ(fold(written), 0u);
	Code by_itself = address(1, 0) + load(BPF_W, 1, 1, 0) + load(BPF_W, 2, 1, 0);
	EXPECT_EQ(fold(by_itself), 1u);
	Code called = address(1, 0) + call + load(BPF_W, 2, 1, 0);
	EXPECT_EQ(fold(called), 0u);
	Code saved = address(6, 0) + call + load(BPF_W, 2, 6, 0);
	EXPECT_EQ(fold(saved), 1u);
	const bpf_insn fetch{
	    .code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = 9, .src_reg = 1, .off = 0, .imm = BPF_ADD | BPF_FETCH};
	Code fetched = address(1, 0) + fetch + load(BPF_W, 2, 1, 0);
	EXPECT_EQ(fold(fetched), 0u);
}

TEST(FoldConstants, NotWhereControlComesFromElsewhere)
{
	// the load is jumped to, with another address in its register perhaps
	Code forwards = Code{jump(2)} + address(1, 0) + load(BPF_W, 2, 1, 0);
	EXPECT_EQ(fold(forwards), 0u);
	Code backwards = address(1, 0) + load(BPF_W, 2, 1, 0) + jump(-2);
	EXPECT_EQ(fold(backwards), 0u);
	Code past = address(1, 0) + jump(1) + load(BPF_W, 2, 1, 0) + load(BPF_W, 3, 1, 0);
	EXPECT_EQ(fold(past), 1u);
	EXPECT_TRUE(is_move(past[3], 2, 0x44332211));
	const bpf_insn subprogram{
	    .code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = BPF_PSEUDO_CALL, .off = 0, .imm = 2};
	Code entered = Code{subprogram} + address(6, 0) + load(BPF_W, 2, 6, 0);
	EXPECT_EQ(fold(entered), 0u);
}

} // namespace
} // namespace nfup::loader
