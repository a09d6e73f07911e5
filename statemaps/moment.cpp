// SPDX-License-Identifier: BSD-2-Clause
#include "moment.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <ctime>
#include <linux/bpf.h>
#include <unistd.h>

namespace nfup::statemaps {

Result<Moment> read_moment()
{
	// The kernel shows its jiffies to programs alone; HZ, from which they could be
	// reckoned, to nobody.
	bpf_insn program[2] = {};
	program[0].code = BPF_JMP | BPF_CALL;
	program[0].imm = BPF_FUNC_jiffies64;
	program[1].code = BPF_JMP | BPF_EXIT;
	const int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "nfup_jiffies", "Dual BSD/GPL", program, 2, nullptr);
	if (fd < 0)
		return fail_errno(errno, "cannot load a program that reads the clock", "run as root, or with CAP_BPF");
	char frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof frame, .repeat = 1);
	const int error = bpf_prog_test_run_opts(fd, &run) != 0 ? errno : 0;
	close(fd);
	if (error)
		return fail_errno(error, "cannot read the kernel's jiffies");
	timespec now{};
	clock_gettime(CLOCK_MONOTONIC, &now);
	return Moment{static_cast<std::uint64_t>(now.tv_sec) * 1000000000u + static_cast<std::uint64_t>(now.tv_nsec),
		      run.retval};
}

std::uint32_t stale_jiffies(const Moment& now)
{
	return now.jiffies - (1u << 30);
}

} // namespace nfup::statemaps
