// SPDX-License-Identifier: BSD-2-Clause
// attach, plan, upgrade, rollback, detach, recover: the commands that change an
// NF, or say what would change.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "cli.h"
#include "follow.h"
#include "intent/numbers.h"
#include "loader/dispatcher.h"
#include "statemaps/queue.h"
#include "upgrade/ports.h"

namespace nfup::tools {

namespace {

void print_watch(const upgrade::WatchReport& watch)
{
	printf("  watch    %.1f s, %lu packets%s%s\n", watch.seconds, watch.packets, watch.note.empty() ? "" : "; ",
	       watch.note.c_str());
	for (const auto& verdict : watch.guards) {
		printf("           %s: ", verdict.guard.c_str());
		if (!verdict.value)
			printf("not tested\n");
		else
			printf("%s, %.6g %s\n", verdict.ok ? "good" : "BROKEN", *verdict.value, verdict.unit);
	}
}

void print_outcome(const upgrade::Outcome& outcome)
{
	if (!outcome.mended.empty())
		std::cout << outcome.mended << "\n";
	if (!outcome.flip_slot) {
		std::cout << outcome.nf << ": nothing changed, generation " << outcome.generation << " runs on\n";
		return;
	}
	std::cout << outcome.nf << ": generation " << outcome.generation
		  << (outcome.result.empty() ? " (planned)" : " " + outcome.result) << "\n";
	for (const auto& name : outcome.changed)
		std::cout << "  changed  " << name << ": " << outcome.why.at(name) << "\n";
	if (!outcome.removed.empty())
		std::cout << "  removed  " << join(outcome.removed) << "\n";
	std::cout << "  loaded   " << outcome.loaded.size() << (outcome.loaded.empty() ? "" : ": ")
		  << join(outcome.loaded) << "\n  shared   " << outcome.shared.size()
		  << (outcome.shared.empty() ? "" : ": ") << join(outcome.shared) << "\n  flip     slot "
		  << *outcome.flip_slot << " (" << outcome.flip_node << ")\n";
	for (const auto& port : outcome.ports)
		if (std::string(port.action) != "keep")
			std::cout << "  port     " << port.label << "=" << port.ifname << ": " << port.action << "\n";
	for (const auto& change : outcome.state)
		if (!statemaps::is_queue(change.atom))
			std::cout << "  state    " << change.atom << ": " << upgrade::to_string(change.action)
				  << change.detail << "\n";
	if (const auto& migration = outcome.migration)
		printf("  moved    %lu entries of %s in %.3f s (%.0f a second); plain programs after %.1f ms\n",
		       migration->entries, join(migration->atoms).c_str(), migration->seconds,
		       migration->seconds > 0 ? static_cast<double>(migration->entries) / migration->seconds : 0.0,
		       migration->finish_ms);
	print_canary(outcome.canary);
	if (outcome.watch)
		print_watch(*outcome.watch);
	if (!outcome.result.empty())
		printf("  build %.1f ms, load %.1f ms, state %.1f ms, flip %.0f us, drain %.1f ms; total %.1f ms\n",
		       outcome.build_ms, outcome.load_ms, outcome.state_ms, outcome.flip_us, outcome.drain_ms,
		       outcome.total_ms);
	if (outcome.result == "rolled-back")
		std::cout << "generation " << outcome.running << " runs again: " << outcome.reason << "\n";
}

int finish(const Cli& cli, const Result<upgrade::Outcome>& outcome, const intent::Diagnostics& diagnostics,
	   const upgrade::Intent& intent = {})
{
	if (!outcome)
		return report(cli, outcome.error(), diagnostics, intent);
	if (cli.as_json) {
		print_json(answer(*outcome, diagnostics));
		return exit_code(*outcome);
	}
	print_diagnostics(diagnostics, intent);
	if (outcome->result == "refused")
		return report(cli, {ErrorKind::refused, outcome->reason, outcome->canary.hint()});
	print_outcome(*outcome);
	return exit_code(*outcome);
}

// --dev PORT=INTERFACE, each.
Result<upgrade::Devices> devices_of(const Cli& cli)
{
	upgrade::Devices devices;
	if (!cli.options.count("dev"))
		return devices;
	for (const auto& text : cli.options["dev"].as<std::vector<std::string>>()) {
		const auto equals = text.find('=');
		if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
			return fail(ErrorKind::intent, "--dev " + text + " is not PORT=INTERFACE",
				    "as in --dev p1=eth0");
		devices.emplace_back(text.substr(0, equals), text.substr(equals + 1));
	}
	return devices;
}

// --then [PORT=]WHAT, each. Paths may have a = in them, ports have no slash.
upgrade::Then then_of(const Cli& cli)
{
	upgrade::Then then;
	if (!cli.options.count("then"))
		return then;
	for (const auto& text : cli.options["then"].as<std::vector<std::string>>()) {
		const auto equals = text.find('=');
		const bool port = equals != std::string::npos && text.find('/') > equals;
		std::string what = port ? text.substr(equals + 1) : text;
		if (what != "attached") // after a reboot it is looked for from elsewhere
			what = std::filesystem::absolute(what);
		then.emplace_back(port ? text.substr(0, equals) : "", std::move(what));
	}
	return then;
}

// --watch and --guard.
Result<upgrade::WatchOptions> watch_options(const Cli& cli)
{
	upgrade::WatchOptions watch;
	const bool guarded = cli.options.count("guard") > 0;
	if (!cli.options.count("watch")) {
		if (guarded)
			return fail(ErrorKind::intent, "--guard says what must hold in a watch, and there is none",
				    "add --watch TIME, as in --watch 5s");
		return watch;
	}
	const auto text = cli.options["watch"].as<std::string>();
	const auto time = intent::read_duration(text);
	if (!time || *time < 1000000 || *time > __int128{86400} * 1000000000)
		return fail(ErrorKind::intent, "--watch " + text + ": not a time from 1ms to 24h",
			    "a number of seconds, or one with a unit: 5, 5s, 500ms, 2m");
	watch.time = std::chrono::nanoseconds(static_cast<long>(*time));
	auto guards = upgrade::parse_guards(guarded ? cli.options["guard"].as<std::string>() : upgrade::default_guards);
	if (!guards)
		return pass(guards);
	watch.guards = std::move(*guards);
	return watch;
}

Result<upgrade::UpgradeOptions> upgrade_options(const Cli& cli)
{
	upgrade::UpgradeOptions options;
	options.keep = cli.options["keep"].as<int>();
	options.canary = !cli.options.count("no-canary");
	if (cli.options.count("drop-state"))
		for (const auto& atom : cli.options["drop-state"].as<std::vector<std::string>>())
			options.drop_state.insert(atom);
	auto watch = watch_options(cli);
	if (!watch)
		return pass(watch);
	options.watch = std::move(*watch);
	auto devices = devices_of(cli);
	if (!devices)
		return pass(devices);
	options.devices = std::move(*devices);
	return options;
}

// On stderr: once a second, and not at all for what takes less.
upgrade::MigrationProgress tell_migration()
{
	return [told = 0.0](const std::string& atom, std::uint64_t entries, double seconds) mutable {
		if (seconds < told)
			told = 0;
		if (seconds - told >= 1) {
			fprintf(stderr, "%s: %lu entries moved, %.0f a second\n", atom.c_str(), entries,
				static_cast<double>(entries) / seconds);
			told = seconds;
		}
		return true;
	};
}

using Change = Result<upgrade::Outcome> (upgrade::Coordinator::*)(const std::string&, const upgrade::Intent&,
								  const upgrade::UpgradeOptions&, intent::Diagnostics&);

int run_change(const Cli& cli, Change change)
{
	auto workplace = open_workplace(cli, cli.words[1]);
	if (!workplace)
		return report(cli, workplace.error());
	auto& [intent, library] = *workplace;
	auto options = upgrade_options(cli);
	if (!options)
		return report(cli, options.error());
	upgrade::Coordinator coordinator(cli.folders, library);
	coordinator.on_migration(tell_migration());
	intent::Diagnostics diagnostics;
	return finish(cli, (coordinator.*change)(cli.words[0], intent, *options, diagnostics), diagnostics, intent);
}

Attempt attempt_upgrade(const Cli& cli, const upgrade::UpgradeOptions& options)
{
	Attempt attempt;
	const auto start = std::chrono::steady_clock::now();
	auto workplace = open_workplace(cli, cli.words[1]); // anew: classes come and go
	if (!workplace) {
		// A missing intent is one being saved, or a mistake that another file mends.
		attempt.outcome = pass(workplace);
		return attempt;
	}
	attempt.intent = workplace->intent;
	upgrade::Coordinator coordinator(cli.folders, workplace->library);
	coordinator.on_migration(tell_migration());
	const std::chrono::duration<double, std::milli> opened = std::chrono::steady_clock::now() - start;
	attempt.open_ms = opened.count();
	attempt.outcome = coordinator.upgrade(cli.words[0], attempt.intent, options, attempt.diagnostics);
	attempt.files = workplace->library.files();
	return attempt;
}

} // namespace

int run_attach(const Cli& cli)
{
	upgrade::AttachOptions options;
	if (!cli.options.count("name"))
		return report(cli, {ErrorKind::intent, "attach needs a name for the NF", "add --name NF"});
	if (cli.options.count("multi"))
		return report(cli, loader::why_no_dispatcher());
	options.name = cli.options["name"].as<std::string>();
	options.netns = cli.options["netns"].as<std::string>();
	auto mode = loader::parse_mode(cli.options["mode"].as<std::string>());
	if (!mode)
		return report(cli, mode.error());
	options.mode = *mode;
	options.canary = !cli.options.count("no-canary");
	auto devices = devices_of(cli);
	if (!devices)
		return report(cli, devices.error());
	options.devices = std::move(*devices);
	options.then = then_of(cli);
	auto workplace = open_workplace(cli, cli.words[0]);
	if (!workplace)
		return report(cli, workplace.error());
	auto& [intent, library] = *workplace;
	upgrade::Coordinator coordinator(cli.folders, library);
	intent::Diagnostics diagnostics;
	return finish(cli, coordinator.attach(intent, options, diagnostics), diagnostics, intent);
}

int run_plan(const Cli& cli)
{
	return run_change(cli, &upgrade::Coordinator::plan);
}

int run_upgrade(const Cli& cli)
{
	if (cli.options.count("follow")) {
		auto options = upgrade_options(cli);
		if (!options)
			return report(cli, options.error());
		return follow(cli, [&] { return attempt_upgrade(cli, *options); });
	}
	return run_change(cli, &upgrade::Coordinator::upgrade);
}

int run_rollback(const Cli& cli)
{
	auto library = cli.library();
	if (!library)
		return report(cli, library.error());
	upgrade::Coordinator coordinator(cli.folders, *library);
	coordinator.on_migration(tell_migration());
	return finish(cli, coordinator.rollback(cli.words[0], cli.options["to"].as<int>()), {});
}

int run_detach(const Cli& cli)
{
	auto library = cli.library();
	if (!library)
		return report(cli, library.error());
	upgrade::Coordinator coordinator(cli.folders, *library);
	auto detached = coordinator.detach(cli.words[0]);
	if (!detached)
		return report(cli, detached.error());
	if (cli.as_json)
		print_json({{"ok", true}, {"name", cli.words[0]}, {"result", "detached"}});
	else
		std::cout << cli.words[0] << ": detached, nothing is left of it\n";
	return 0;
}

int run_recover(const Cli& cli)
{
	auto library = cli.library();
	if (!library)
		return report(cli, library.error());
	upgrade::Coordinator coordinator(cli.folders, *library);
	coordinator.on_migration(tell_migration());
	json found = json::array();
	for (const auto& nf : cli.words.empty() ? upgrade::list_nfs(cli.folders) : cli.words) {
		auto mended = coordinator.recover(nf);
		if (!mended)
			return report(cli, mended.error());
		const std::string text = mended->empty() ? "nothing to recover" : *mended;
		found.push_back({{"name", nf}, {"recovered", !mended->empty()}, {"message", text}});
		if (!cli.as_json)
			std::cout << nf << ": " << text << "\n";
	}
	if (cli.as_json)
		print_json({{"ok", true}, {"nfs", found}});
	return 0;
}

} // namespace nfup::tools
