// SPDX-License-Identifier: BSD-2-Clause
// Upgrades a running NF through some intents by turns, in one process and as
// fast as it goes: libnfup does what the command line would.
//
//	upgrade_loop --bpffs DIR --state-dir DIR --cache-dir DIR --nf NF [--lib DIR]… [--keep N] [--count N]
//		[--while PID] [--no-canary] [--each] INTENT INTENT…
//
// --count: how many; --while: until that process has ended. --each: a line of JSON
// for each upgrade (wall_ms: with the commit and the reclaim, which total_ms leaves
// out). The last line is a JSON summary with what this process held
// (resident memory, memory in use, file descriptors) after a fifth of the count
// and at the end. Exit code 1 when an upgrade fails.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <getopt.h>
#include <malloc.h>
#include <nlohmann/json.hpp>

#include "loader/files.h"
#include "upgrade/clock.h"
#include "upgrade/coordinator.h"

namespace {

using nlohmann::json;
using nfup::upgrade::Outcome;

struct Options {
	nfup::upgrade::Folders folders;
	nfup::upgrade::UpgradeOptions upgrade;
	std::string nf;
	std::vector<std::filesystem::path> lib;
	std::vector<nfup::upgrade::Intent> intents;
	long count = 0;   // 0: no end
	pid_t while_ = 0; // 0: no end
	bool each = false;
};

template <class T> T or_die(nfup::Result<T> result)
{
	if (!result) {
		std::fprintf(stderr, "upgrade_loop: %s\n", result.error().message.c_str());
		std::exit(1);
	}
	return std::move(*result);
}

json held()
{
	std::size_t fds = 0;
	for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
		fds++;
	const std::string statm = or_die(nfup::read_file("/proc/self/statm"));
	const long pages = std::strtol(statm.c_str() + statm.find(' '), nullptr, 10);
	return {{"rss_kb", pages * 4}, {"heap_kb", mallinfo2().uordblks / 1024}, {"fds", fds}};
}

json spread(std::vector<double> values)
{
	std::ranges::sort(values);
	const auto at = [&](double part) {
		return values.empty() ? 0
				      : values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
	};
	return {{"median", at(0.5)}, {"p10", at(0.1)}, {"p90", at(0.9)}, {"max", at(1)}};
}

json times(const Outcome& o, double wall_ms)
{
	return {{"generation", o.generation}, {"loaded", o.loaded.size()}, {"build_ms", o.build_ms},
		{"load_ms", o.load_ms},       {"state_ms", o.state_ms},    {"flip_us", o.flip_us},
		{"drain_ms", o.drain_ms},     {"total_ms", o.total_ms},    {"wall_ms", wall_ms}};
}

Options parse(int argc, char** argv)
{
	static const option longs[] = {{"bpffs", required_argument, nullptr, 'b'},
				       {"state-dir", required_argument, nullptr, 's'},
				       {"cache-dir", required_argument, nullptr, 'c'},
				       {"nf", required_argument, nullptr, 'n'},
				       {"lib", required_argument, nullptr, 'l'},
				       {"keep", required_argument, nullptr, 'k'},
				       {"count", required_argument, nullptr, 'N'},
				       {"each", no_argument, nullptr, 'e'},
				       {"while", required_argument, nullptr, 'w'},
				       {"no-canary", no_argument, nullptr, 'C'},
				       {nullptr, 0, nullptr, 0}};
	Options opt;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, nullptr)) != -1) {
		switch (c) {
		case 'b':
			opt.folders.bpffs = optarg;
			break;
		case 's':
			opt.folders.state = optarg;
			break;
		case 'c':
			opt.folders.cache = optarg;
			break;
		case 'n':
			opt.nf = optarg;
			break;
		case 'l':
			opt.lib.emplace_back(optarg);
			break;
		case 'k':
			opt.upgrade.keep = std::atoi(optarg);
			break;
		case 'N':
			opt.count = std::atol(optarg);
			break;
		case 'w':
			opt.while_ = std::atoi(optarg);
			break;
		case 'C':
			opt.upgrade.canary = false;
			break;
		case 'e':
			opt.each = true;
			break;
		default:
			std::exit(1);
		}
	}
	for (int i = optind; i < argc; i++)
		opt.intents.push_back({or_die(nfup::read_file(argv[i])), argv[i]});
	if (opt.nf.empty() || opt.intents.empty()) {
		std::fprintf(stderr,
			     "usage: upgrade_loop --bpffs DIR --state-dir DIR --cache-dir DIR --nf NF [--lib DIR]… "
			     "[--keep N] [--count N] [--while PID] [--no-canary] [--each] INTENT…\n");
		std::exit(1);
	}
	return opt;
}

} // namespace

int main(int argc, char** argv)
{
	const Options opt = parse(argc, argv);
	nfup::loader::Library library({or_die(nfup::loader::find_bpf_folder()), opt.lib, opt.folders.cache});
	nfup::upgrade::Coordinator coordinator(opt.folders, library);
	std::vector<double> flip, drain, total;
	json warm;
	std::size_t loaded = 0;
	long done = 0;

	for (; (opt.count == 0 || done < opt.count) && (opt.while_ == 0 || kill(opt.while_, 0) == 0); done++) {
		nfup::intent::Diagnostics diagnostics;
		const auto& intent = opt.intents[static_cast<std::size_t>(done) % opt.intents.size()];
		const auto start = nfup::upgrade::Clock::now();
		const Outcome outcome = or_die(coordinator.upgrade(opt.nf, intent, opt.upgrade, diagnostics));
		if (outcome.result != "committed" || !outcome.flip_slot) {
			std::fprintf(stderr, "upgrade_loop: %s: %s %s\n", intent.file.c_str(), outcome.result.c_str(),
				     outcome.reason.c_str());
			return 1;
		}
		loaded += outcome.loaded.size();
		flip.push_back(outcome.flip_us);
		drain.push_back(outcome.drain_ms);
		total.push_back(outcome.total_ms);
		if (opt.each)
			std::printf("%s\n", times(outcome, nfup::upgrade::ms_since(start)).dump().c_str());
		if (done == opt.count / 5)
			warm = held();
	}
	const json end = held();
	std::printf("%s\n", json{{"upgrades", done},
				 {"loaded", loaded},
				 {"flip_us", spread(flip)},
				 {"drain_ms", spread(drain)},
				 {"total_ms", spread(total)},
				 {"warm", warm},
				 {"end", end}}
				.dump()
				.c_str());
	return 0;
}
