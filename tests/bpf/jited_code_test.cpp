// SPDX-License-Identifier: BSD-2-Clause
// Hops are direct jumps: a constant index into a known prog array is compiled
// to a jump that the kernel patches. Were a constant lost on the way, everything
// would still work, ten times slower; so the machine code is looked at.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <algorithm>

#include "harness.h"
#include "samples.h"

namespace nfup::test {
namespace {

// How an indirect tail call begins on x86: mov edx,edx; cmp [rsi + max_entries],edx.
const std::uint8_t indirect_tail_call[] = {0x89, 0xd2, 0x39, 0x56};

Bytes jited_code(int program)
{
	bpf_prog_info info{};
	__u32 size = sizeof info;
	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return {};
	Bytes code(info.jited_prog_len);
	info = {};
	info.jited_prog_len = static_cast<__u32>(code.size());
	info.jited_prog_insns = reinterpret_cast<__u64>(code.data());
	size = sizeof info;
	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return {};
	return code;
}

long indirect_tail_calls(const Bytes& code)
{
	long n = 0;
	for (auto it = code.begin(); it != code.end(); n++, it++) {
		it = std::search(it, code.end(), std::begin(indirect_tail_call), std::end(indirect_tail_call));
		if (it == code.end())
			break;
	}
	return n;
}

class JitedCode : public NodeTest {
protected:
	void SetUp() override
	{
#ifndef __x86_64__
		GTEST_SKIP() << "knows only x86 machine code";
#endif
		NodeTest::SetUp();
	}

	// r3 = *(u32 *)ctx-derived or a constant; tail call through `slots`
	Fd tail_caller(bool constant)
	{
		const bpf_insn index = constant ? bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K,
							   .dst_reg = 3,
							   .src_reg = 0,
							   .off = 0,
							   .imm = first_exit_slot}
						: bpf_insn{.code = BPF_LDX | BPF_MEM | BPF_W,
							   .dst_reg = 3,
							   .src_reg = 1,
							   .off = offsetof(xdp_md, ingress_ifindex),
							   .imm = 0};
		const bpf_insn code[] = {
		    index,
		    {.code = BPF_LD | BPF_DW | BPF_IMM,
		     .dst_reg = 2,
		     .src_reg = BPF_PSEUDO_MAP_FD,
		     .off = 0,
		     .imm = slots()},
		    {.code = 0, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
		    {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = BPF_FUNC_tail_call},
		    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = XDP_ABORTED},
		    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
		};
		LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP);
		return Fd(bpf_prog_load(BPF_PROG_TYPE_XDP, "tail_caller", "GPL", code, std::size(code), &options));
	}
};

TEST_F(JitedCode, TheCheckSeesAnIndirectTailCall)
{
	Fd indirect = tail_caller(false), direct = tail_caller(true);
	ASSERT_GE(indirect.get(), 0) << std::strerror(errno);
	ASSERT_GE(direct.get(), 0) << std::strerror(errno);
	ASSERT_FALSE(jited_code(direct.get()).empty()) << "no machine code: is net.core.bpf_jit_enable 1?";
	EXPECT_EQ(indirect_tail_calls(jited_code(indirect.get())), 1);
	EXPECT_EQ(indirect_tail_calls(jited_code(direct.get())), 0);
}

TEST_F(JitedCode, EveryHopIsADirectJump)
{
	for (const std::string& cls : classes()) {
		auto node = load(cls, sample_params(cls));
		Bytes code = jited_code(node.program);
		ASSERT_FALSE(code.empty()) << cls;
		// What goes to the host meets the program of its port, which only the packet tells.
		EXPECT_EQ(indirect_tail_calls(code), cls == "ToHost" ? 1 : 0) << cls;
	}
}

TEST_F(JitedCode, SoAreIngressAndRoot)
{
	std::array<std::uint32_t, NFUP_MAX_OUTPUTS> ifindex;
	for (unsigned i = 0; i < ifindex.size(); i++)
		ifindex[i] = i + 1;
	auto ingress = load("ingress"),
	     root =
		 load("root", Params().set("nfup_ports", std::uint32_t{NFUP_MAX_OUTPUTS}).set("nfup_ifindex", ifindex));
	for (const Object* program : {&ingress, &root}) {
		Bytes code = jited_code(program->program);
		ASSERT_FALSE(code.empty());
		EXPECT_EQ(indirect_tail_calls(code), 0);
	}
}

} // namespace
} // namespace nfup::test
