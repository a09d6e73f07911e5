// SPDX-License-Identifier: BSD-2-Clause
// Ctrl-C, SIGTERM and SIGHUP, held back while the steps of an upgrade are under
// way: a step is done whole, and between two steps one can ask.
#pragma once

#include <chrono>
#include <csignal>

namespace nfup::upgrade {

class Signals {
public:
	// Signals that the process ignores (nohup) stay ignored.
	Signals();
	// Those that came and nobody asked for are dropped: the process has done its
	// work and is about to end.
	~Signals();
	Signals(const Signals&) = delete;
	Signals& operator=(const Signals&) = delete;

	// "SIGINT" and so on, at once when one comes; null: the time is over.
	const char* wait(std::chrono::nanoseconds time) const;
	const char* pending() const { return wait(std::chrono::nanoseconds(0)); }

	// The last one that any of these has taken in this process; null: none.
	static const char* taken();

	const sigset_t& held() const { return held_; }

private:
	sigset_t held_{};
	sigset_t before_{};
};

} // namespace nfup::upgrade
