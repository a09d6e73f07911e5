// SPDX-License-Identifier: BSD-2-Clause
#include "signals.h"

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "clock.h"

namespace nfup::upgrade {

namespace {
std::atomic<const char*> last_taken = nullptr;
}

Signals::Signals()
{
	sigemptyset(&held_);
	for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
		struct sigaction action {};
		if (sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&held_, number);
	}
	pthread_sigmask(SIG_BLOCK, &held_, &before_);
}

Signals::~Signals()
{
	while (pending()) {
	}
	pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

const char* Signals::taken()
{
	return last_taken;
}

const char* Signals::wait(std::chrono::nanoseconds time) const
{
	const auto end = Clock::now() + time;
	for (;;) {
		const auto left = std::max(std::chrono::nanoseconds(end - Clock::now()), std::chrono::nanoseconds(0));
		const timespec timeout = {static_cast<time_t>(left.count() / 1000000000),
					  static_cast<long>(left.count() % 1000000000)};
		switch (sigtimedwait(&held_, nullptr, &timeout)) {
		case SIGINT:
			return last_taken = "SIGINT";
		case SIGTERM:
			return last_taken = "SIGTERM";
		case SIGHUP:
			return last_taken = "SIGHUP";
		}
		if (errno != EINTR) // stopped and continued, for one
			return nullptr;
	}
}

} // namespace nfup::upgrade
