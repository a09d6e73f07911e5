// SPDX-License-Identifier: BSD-2-Clause
#include "test_run.h"

#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <string>

namespace nfup::loader {

Result<TestRun> test_run(int program_fd, std::span<const std::uint8_t> frame)
{
	std::array<std::uint8_t, 4096> out; // a page: no frame of one buffer is longer
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = out.data(),
		    .data_size_in = static_cast<__u32>(frame.size()), .data_size_out = out.size());
	if (bpf_prog_test_run_opts(program_fd, &options) != 0)
		return fail_errno(errno, "the kernel does not run a frame of " + std::to_string(frame.size()) +
					     " bytes with BPF_PROG_TEST_RUN");
	return TestRun{options.retval, {out.begin(), out.begin() + options.data_size_out}};
}

} // namespace nfup::loader
