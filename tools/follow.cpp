// SPDX-License-Identifier: BSD-2-Clause
#include "follow.h"

#include <chrono>
#include <cstdio>
#include <iostream>
#include <poll.h>
#include <sys/signalfd.h>

#include "loader/fd.h"
#include "loader/file_watch.h"
#include "upgrade/signals.h"

namespace nfup::tools {
namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;
using Files = std::set<fs::path>;

// Editors that move the old file away before they write the new one are done by then.
constexpr int settle_ms = 100;

double ms_since(Clock::time_point start)
{
	return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

enum class Event { change, end, none };

// Waits for a change or the end; `timeout` in ms, -1 without.
Event wait(const loader::FileWatch& watch, const Fd& signals, int timeout)
{
	pollfd ends[] = {{signals.get(), POLLIN, 0}, {watch.fd(), POLLIN, 0}};
	while (poll(ends, 2, timeout) < 0 && errno == EINTR) {
	}
	if (ends[0].revents)
		return Event::end;
	return ends[1].revents ? Event::change : Event::none;
}

// Files that all are gone may be about to be written anew.
bool all_gone(const Files& files)
{
	std::error_code error;
	for (const auto& file : files)
		if (fs::exists(file, error))
			return false;
	return true;
}

std::vector<std::string> names(const Files& files)
{
	return {files.begin(), files.end()};
}

void say(const json& value)
{
	std::cout << value.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

std::vector<fs::path> watched_folders(const Cli& cli)
{
	std::vector<fs::path> folders;
	for (const auto& folder : cli.lib) {
		folders.push_back(folder);
		folders.push_back(folder / "lib");
	}
	return folders;
}

Files watched_files(const Cli& cli, Files files)
{
	const fs::path intent = fs::absolute(cli.words[1]);
	files.insert(intent);
	files.insert(fs::path(intent).replace_extension(".canary"));
	return files;
}

class Report {
public:
	explicit Report(const Cli& cli) : cli_(cli) {}

	void following(std::size_t files) const
	{
		if (cli_.as_json)
			say({{"event", "following"}, {"files", files}});
		else
			std::cout << "following " << files << " files; Ctrl-C ends" << std::endl;
	}

	// `save_ms`: from the change to the flip.
	void attempt(const Attempt& attempt, const Files& changed, double save_ms) const
	{
		if (cli_.as_json) {
			say_json(attempt, changed, save_ms);
			return;
		}
		if (!attempt.outcome) {
			report(cli_, attempt.outcome.error(), attempt.diagnostics, attempt.intent);
			std::cerr << "what runs goes on running; waiting for the next save" << std::endl;
			return;
		}
		const upgrade::Outcome& outcome = *attempt.outcome;
		if (outcome.result == "refused") {
			report(cli_, {ErrorKind::refused, outcome.reason, outcome.canary.hint()});
			std::cerr << "what runs goes on running; waiting for the next save" << std::endl;
			return;
		}
		if (!outcome.flip_slot) // a comment, or a file that no node uses
			printf("%s: nothing changed, generation %d runs on\n", outcome.nf.c_str(), outcome.generation);
		else
			printf("%s: generation %d %s, changed %s; loaded %zu, shared %zu; %.1f ms from save to flip\n",
			       outcome.nf.c_str(), outcome.generation, outcome.result.c_str(),
			       join(outcome.changed.empty() ? outcome.removed : outcome.changed).c_str(),
			       outcome.loaded.size(), outcome.shared.size(), save_ms);
		if (exit_code(outcome) != 0)
			printf("generation %d runs again: %s\n", outcome.running, outcome.reason.c_str());
		fflush(stdout);
	}

private:
	static void say_json(const Attempt& attempt, const Files& changed, double save_ms)
	{
		json value;
		if (!attempt.outcome) {
			value = answer(attempt.outcome.error(), attempt.diagnostics);
			value["event"] = "refused";
		} else {
			const upgrade::Outcome& outcome = *attempt.outcome;
			const bool refused = outcome.result == "refused", flipped = outcome.flip_slot && !refused;
			value = answer(outcome, attempt.diagnostics);
			value["event"] = refused ? "refused" : flipped ? "upgrade" : "unchanged";
			value["save_to_flip_ms"] = flipped ? json(save_ms) : json();
		}
		value["files"] = names(changed);
		say(value);
	}

	const Cli& cli_;
};

} // namespace

int follow(const Cli& cli, const std::function<Attempt()>& attempt_upgrade)
{
	const upgrade::Signals held; // an upgrade under way is finished first
	const Fd signals(signalfd(-1, &held.held(), SFD_CLOEXEC));
	if (!signals)
		return report(cli, {ErrorKind::system, "cannot wait for signals", ""});
	const Report report_to(cli);
	auto watch = loader::FileWatch::open();
	if (!watch)
		return report(cli, watch.error());
	const auto folders = watched_folders(cli);
	Files files = watched_files(cli, {}), changed;
	if (auto set = watch->set(files, folders); !set)
		return report(cli, set.error());

	auto since = Clock::now();
	std::string last_error;
	for (bool first = true, repeat = false, going_on = true; going_on; first = false) {
		const double waited = ms_since(since);
		const Attempt attempt = attempt_upgrade();
		const std::string error = attempt.outcome ? "" : attempt.outcome.error().message;
		// No such NF, no such intent, no permission: no save would mend that.
		if (first && !attempt.outcome &&
		    (attempt.files.empty() || attempt.outcome.error().kind == ErrorKind::system))
			return report(cli, attempt.outcome.error(), attempt.diagnostics, attempt.intent);
		// What an attempt that failed did not get to is watched as before.
		Files now = watched_files(cli, attempt.files);
		if (!attempt.outcome)
			now.insert(files.begin(), files.end());
		files = std::move(now);
		auto fresh = watch->set(files, folders);
		if (!fresh)
			return report(cli, fresh.error());
		// A burst is half done: what failed only for that is not worth a word.
		Files more = watch->take();
		const bool half_done = !attempt.outcome && !more.empty();
		const bool same = repeat && (attempt.outcome ? !attempt.outcome->flip_slot : error == last_error);
		if (!half_done && !same)
			report_to.attempt(attempt, changed,
					  attempt.outcome ? waited + attempt.open_ms + attempt.outcome->total_ms -
								attempt.outcome->drain_ms
							  : 0);
		if (upgrade::Signals::taken())
			break;
		if (first)
			report_to.following(files.size());
		last_error = error;
		changed = std::move(more);
		since = Clock::now();
		// In a folder watched only now a file may have changed since it was read.
		repeat = *fresh && changed.empty();
		if (repeat)
			continue;
		while (going_on && changed.empty()) {
			going_on = wait(*watch, signals, -1) == Event::change;
			since = Clock::now();
			changed = watch->take();
		}
		if (going_on && all_gone(changed) && wait(*watch, signals, settle_ms) == Event::change)
			changed.merge(watch->take());
	}
	if (!cli.as_json)
		std::cout << "ended; the NF runs on" << std::endl;
	return 0;
}

} // namespace nfup::tools
