// SPDX-License-Identifier: BSD-2-Clause
#include "fold.h"

#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

namespace nfup::loader {

namespace {

constexpr std::uint8_t wide_load = BPF_LD | BPF_IMM | BPF_DW; // two instructions long

bool is_jump(const bpf_insn& insn)
{
	const auto kind = BPF_CLASS(insn.code);
	return kind == BPF_JMP || kind == BPF_JMP32;
}

bool is_call(const bpf_insn& insn)
{
	return insn.code == (BPF_JMP | BPF_CALL);
}

// Where control comes from elsewhere: what registers hold there is not known.
std::vector<bool> entries(std::span<const bpf_insn> code)
{
	std::vector<bool> found(code.size(), false);
	const auto mark = [&](std::size_t at, std::int64_t by) {
		const auto to = static_cast<std::int64_t>(at) + 1 + by;
		if (to >= 0 && to < static_cast<std::int64_t>(code.size()))
			found[static_cast<std::size_t>(to)] = true;
	};
	for (std::size_t i = 0; i < code.size(); i += code[i].code == wide_load ? 2 : 1) {
		const bpf_insn& insn = code[i];
		if (is_call(insn) && insn.src_reg == BPF_PSEUDO_CALL)
			mark(i, insn.imm);
		else if (insn.code == (BPF_JMP32 | BPF_JA))
			mark(i, insn.imm);
		else if (is_jump(insn) && !is_call(insn) && BPF_OP(insn.code) != BPF_EXIT)
			mark(i, insn.off);
		else if (insn.code == wide_load && insn.src_reg == BPF_PSEUDO_FUNC)
			mark(i, insn.imm);
	}
	return found;
}

std::size_t bytes_of(const bpf_insn& load)
{
	switch (BPF_SIZE(load.code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

std::optional<std::uint64_t> value_at(std::span<const std::uint8_t> rodata, std::int64_t offset, std::size_t bytes)
{
	if (offset < 0 || static_cast<std::size_t>(offset) + bytes > rodata.size())
		return {};
	std::uint64_t value = 0; // as this machine, and so the program, reads it
	std::memcpy(&value, rodata.data() + offset, bytes);
	static_assert(std::endian::native == std::endian::little);
	return value;
}

} // namespace

std::size_t fold_constants(std::span<bpf_insn> code, int rodata_fd, std::span<const std::uint8_t> rodata)
{
	const std::vector<bool> entry = entries(code);
	std::array<std::optional<std::int64_t>, MAX_BPF_REG> offset; // that a register points to in rodata
	std::size_t folded = 0;

	for (std::size_t i = 0; i < code.size(); i++) {
		bpf_insn& insn = code[i];
		if (entry[i])
			offset.fill({});
		if (insn.code == wide_load) {
			const bool ours = insn.src_reg == BPF_PSEUDO_MAP_VALUE && insn.imm == rodata_fd;
			offset[insn.dst_reg] = ours ? std::optional<std::int64_t>(code[i + 1].imm) : std::nullopt;
			i++;
			continue;
		}
		if (is_call(insn)) {
			for (int reg = BPF_REG_0; reg <= BPF_REG_5; reg++)
				offset[static_cast<std::size_t>(reg)] = {};
			continue;
		}
		const auto kind = BPF_CLASS(insn.code);
		if (kind == BPF_LDX && BPF_MODE(insn.code) == BPF_MEM && offset[insn.src_reg]) {
			const auto value = value_at(rodata, *offset[insn.src_reg] + insn.off, bytes_of(insn));
			offset[insn.dst_reg] = {};
			if (!value || *value > std::numeric_limits<std::uint32_t>::max())
				continue;
			// A 32-bit move clears the upper half.
			insn = {.code = BPF_ALU | BPF_MOV | BPF_K,
				.dst_reg = insn.dst_reg,
				.src_reg = 0,
				.off = 0,
				.imm = static_cast<std::int32_t>(static_cast<std::uint32_t>(*value))};
			folded++;
			continue;
		}
		if (kind == BPF_LDX || kind == BPF_ALU || kind == BPF_ALU64 || kind == BPF_LD)
			offset[insn.dst_reg] = {};
		if (kind == BPF_STX && BPF_MODE(insn.code) == BPF_ATOMIC) // may fetch into its source, or into r0
			offset[insn.src_reg] = offset[BPF_REG_0] = {};
	}
	return folded;
}

} // namespace nfup::loader
