// SPDX-License-Identifier: BSD-2-Clause
#include "subprocess.h"

#include <cerrno>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "fd.h"

extern char** environ;

namespace nfup {

Result<Finished> run(const std::vector<std::string>& command)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail_errno(errno, "cannot make a pipe");
	Fd reading(ends[0]), writing(ends[1]);

	std::vector<char*> argv;
	for (const auto& word : command)
		argv.push_back(const_cast<char*>(word.c_str()));
	argv.push_back(nullptr);

	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, writing.get(), STDERR_FILENO);
	pid_t child = 0;
	const int error = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error != 0)
		return fail_errno(error, "cannot run " + command[0], "install it: apt install " + command[0]);
	writing.reset();

	Finished finished;
	char buffer[4096];
	for (;;) {
		const ssize_t n = read(reading.get(), buffer, sizeof buffer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		finished.output.append(buffer, static_cast<std::size_t>(n));
	}
	int status = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return finished;
}

} // namespace nfup
