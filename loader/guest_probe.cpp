// SPDX-License-Identifier: BSD-2-Clause
#include "guest_probe.h"

#include <bpf/bpf.h>
#include <cerrno>

namespace nfup::loader {

std::array<bpf_insn, 6> tail_call_into(int array)
{
	return {{
	    {.code = BPF_LD | BPF_DW | BPF_IMM,
	     .dst_reg = BPF_REG_2,
	     .src_reg = BPF_PSEUDO_MAP_FD,
	     .off = 0,
	     .imm = array},
	    {.code = 0, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .src_reg = 0, .off = 0, .imm = 0},
	    {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = BPF_FUNC_tail_call},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = XDP_PASS},
	    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
	}};
}

Result<XdpPair> make_xdp_pair(bpf_attach_type attach_type, __u32 flags)
{
	Fd array(bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "nfup_probe", 4, 4, 1, nullptr));
	if (!array)
		return fail_errno(errno, "cannot make a prog array", "run as root");
	const auto code = tail_call_into(array.get());
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type, .prog_flags = flags);
	Fd caller(bpf_prog_load(BPF_PROG_TYPE_XDP, "nfup_probe", "GPL", code.data(), code.size(), &options));
	if (!caller)
		return fail_errno(errno, "cannot load an XDP program with a tail call", "run as root");
	return XdpPair{std::move(array), std::move(caller)};
}

} // namespace nfup::loader
