// SPDX-License-Identifier: BSD-2-Clause
// The watch: counters before the flip and after it, until the time is over, a
// guard is broken or a signal comes.
#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "framework.h"
#include "guard.h"
#include "records.h"
#include "signals.h"

namespace nfup::upgrade {

struct WatchOptions {
	std::chrono::nanoseconds time{0}; // 0: no watch
	std::vector<Guard> guards;
};

struct WatchReport {
	double seconds = 0;
	std::uint64_t packets = 0;        // into the NF
	std::uint64_t before_packets = 0; // that they were compared with
	std::vector<Verdict> guards;
	std::string broken; // why the upgrade must go back; empty: it need not
	std::string note;   // what was not or hardly tested; empty: nothing
};

nlohmann::json to_json(const WatchReport& report);

class Watch {
public:
	// Time before the flip counts from here.
	static Result<Watch> begin(const Framework& framework, const Generation& running, const WatchOptions& options);

	// Error (kind intent): a guard names a node that neither generation has.
	Result<void> check(const Generation& draft) const;

	// The last look before the flip. With guards that compare, waits until there
	// is a time to compare with: the watch's own, at most a second. Error (kind
	// refused): a signal came.
	Result<void> look_before(const Generation& draft, const Signals& signals);

	// Packets of ports that the upgrade takes away, and that the new root drops
	// until they are gone, are left out.
	void leave_out_strangers() { leave_out_strangers_ = true; }

	// Error: the counters cannot be read.
	Result<WatchReport> run(const Signals& signals) const;

private:
	Watch(const Framework& framework, const Generation& running, const WatchOptions& options);
	Result<Window> read() const;

	const Framework& framework_;
	const Generation& running_;
	const WatchOptions& options_;
	std::chrono::steady_clock::time_point start_;
	std::map<std::string, std::uint32_t> counters_; // of the nodes of both generations
	std::map<std::string, bool> last_;              // has no outputs
	bool leave_out_strangers_ = false;
	Window first_;
	Before before_;
};

// Before the flip. Error (kind refused): a signal has come.
Result<void> go_on(const Signals& signals);

} // namespace nfup::upgrade
