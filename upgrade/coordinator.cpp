// SPDX-License-Identifier: BSD-2-Clause
// Coordinator: from one generation to another. attach.cpp has the rest.
#include "coordinator.h"

#include <algorithm>
#include <ranges>

#include "canary_check.h"
#include "clock.h"
#include "draft.h"
#include "framework.h"
#include "loader/bpffs.h"
#include "loader/netns.h"
#include "ports.h"
#include "session.h"
#include "state_access.h"
#include "state_plan.h"
#include "swap.h"

namespace nfup::upgrade {

namespace {

// After the flip of an upgrade that is not accepted, for outcome.reason.
Result<void> roll_back(const Store& store, const Framework& framework, Journal& journal, Outcome& outcome)
{
	outcome.result = "rolled-back";
	outcome.running = journal.from;
	journal.history = gone_back(std::move(journal.history), outcome.reason);
	auto gone = go_back(store, framework, journal);
	if (!gone)
		gone.error().message = outcome.reason + "\nand going back failed: " + gone.error().message +
				       "; `nfup recover " + store.nf() + "` tries again";
	return gone;
}

// The generation that an upgrade made `current` from, however often one has gone
// back and forth since; 0: it was attached.
Result<int> generation_before(const Store& store, int current)
{
	auto history = store.read_history();
	if (!history)
		return pass(history);
	for (const nlohmann::json& entry : *history | std::views::reverse)
		if (entry.value("generation", 0) == current && entry.value("action", "") == "upgrade" &&
		    entry.value("result", "") == "committed")
			return entry.value("from", 0);
	return 0;
}

// After a flip on probation: `ingress` on new devices, then the watch, if there is
// one; the commit, or the way back.
Result<void> prove(const Store& store, const Framework& framework, const NfRecord& record, Journal& journal,
		   Outcome& outcome, Clock::time_point start, const Signals& signals, Watch* watch)
{
	const auto reject = [&](const std::string& reason) {
		outcome.reason = reason;
		outcome.total_ms = ms_since(start);
		journal.history = history_entry(outcome, journal.operation, journal.from);
		return roll_back(store, framework, journal, outcome);
	};
	if (auto attached = attach_ports(store, framework, record, journal.add); !attached)
		return reject(attached.error().message);
	if (watch) {
		auto report = watch->run(signals);
		if (!report)
			return reject("it could not be watched: " + report.error().message);
		outcome.watch = *report;
		if (!report->broken.empty())
			return reject(report->broken);
		outcome.reason = report->note;
	}
	outcome.total_ms = ms_since(start);
	journal.history = history_entry(outcome, journal.operation, journal.from);
	journal.step = "commit";
	if (auto accepted = store.write_journal(journal); !accepted)
		return reject("that it was accepted cannot be written down: " + accepted.error().message);
	return commit(store, framework, journal);
}

// After the commit. Error: it stays open; the new generation runs.
Result<void> finish_migration(const Store& store, const Framework& framework, const MigrationProgress& progress,
			      const Signals& signals, Outcome& outcome, Clock::time_point start)
{
	auto report = migrate(store, framework, [&](const std::string& atom, std::uint64_t entries, double seconds) {
		return (!progress || progress(atom, entries, seconds)) && !signals.pending();
	});
	Result<void> open;
	if (!report)
		open = pass(report);
	else if (report->stopped || report->left)
		open = std::unexpected(still_open(store, *report));
	if (!open) {
		open.error().message = "generation " + std::to_string(outcome.generation) +
				       " runs, and a migration is not finished: " + open.error().message;
		return open;
	}
	outcome.migration = std::move(*report);
	outcome.total_ms = ms_since(start);
	return {};
}

// prepare → flip → (prove →) commit for a draft that is placed. On an error
// before the flip everything is undone and the old generation never noticed. An
// upgrade that is not accepted after it goes back, which is no error: the outcome's
// result says it.
Result<void> run_swap(const Store& store, const Framework& framework, const std::map<int, Generation>& kept,
		      Generation& draft, const Plan& plan, const std::map<std::string, int>& maps, Journal& journal,
		      Outcome& outcome, Clock::time_point start, const NfRecord& record, const Signals& signals,
		      Watch* watch = nullptr)
{
	Swap swap(store, framework, kept);
	const auto undoing = [&](Result<void> failed) {
		if (auto undone = undo(store, framework, journal); !undone)
			failed.error().message += "\nand undoing failed: " + undone.error().message;
		return failed;
	};
	if (auto prepared = swap.prepare(draft, plan, maps, outcome); !prepared)
		return undoing(std::move(prepared));
	if (auto ready = watch ? watch->look_before(draft, signals) : go_on(signals); !ready)
		return undoing(std::move(ready));
	const bool probation = watch || !journal.add.empty();
	journal.step = probation ? "watch" : "flip";
	journal.flip_slot = *outcome.flip_slot;
	journal.new_prog_id = swap.flip_program_id();
	outcome.result = "committed";
	outcome.total_ms = ms_since(start);
	journal.history = history_entry(outcome, journal.operation, journal.from);
	if (auto written = store.write_journal(journal); !written)
		return undoing(std::move(written));
	if (auto flipped = swap.flip(plan, outcome); !flipped) {
		// The write is atomic: if it failed, the old generation still runs. Where
		// even that cannot be told, recovery decides.
		const auto there = framework.read_slot(journal.flip_slot);
		if (there && *there != journal.new_prog_id)
			return undoing(std::move(flipped));
		if (!probation)
			return flipped;
		outcome.reason = flipped.error().message;
		journal.history = history_entry(outcome, journal.operation, journal.from);
		return roll_back(store, framework, journal, outcome);
	}
	if (probation)
		return prove(store, framework, record, journal, outcome, start, signals, watch);
	outcome.total_ms = ms_since(start);
	journal.history = history_entry(outcome, journal.operation, journal.from);
	return commit(store, framework, journal);
}

} // namespace

Result<Outcome> Coordinator::plan(const std::string& nf, const Intent& intent, const UpgradeOptions& options,
				  intent::Diagnostics& diagnostics)
{
	auto running = open_running(folders_, nf, progress_);
	if (!running)
		return pass(running);
	const Store& store = running->session.store;
	const NfRecord& record = running->record;
	Framework& framework = running->framework;
	const auto& kept = running->kept;
	auto built = build(intent.text, intent.file, library_, diagnostics, known_ports(record, kept, options.devices),
			   intent::running_kernel());
	if (!built)
		return pass(built);
	if (!record.hosted.empty())
		if (auto fits = check_hosting_depth(built->depth); !fits)
			return pass(fits);
	auto visit = loader::NetnsVisit::enter(options.devices.empty() ? "" : record.netns);
	if (!visit)
		return pass(visit);
	auto ports = plan_ports(*built, record.ports, options.devices);
	if (!ports)
		return pass(ports);
	auto state = plan_state(store, *built, library_, kept, record.current, options.drop_state, true);
	if (!state)
		return pass(state);
	Outcome outcome;
	outcome.nf = nf;
	outcome.mended = running->session.mended;
	describe_build(*built, outcome);
	outcome.state = state->changes;
	describe_ports(*ports, outcome);
	auto records = state->records();
	if (!records)
		return pass(records);
	for (const StateChange& change : state->changes) // maps that would be made: no id yet
		if (change.action != StateAction::keep)
			records->push_back({change.atom, "", 0});
	auto draft = draft_of(*built, record.last + 1, kept, *records, ports->ports);
	if (!draft)
		return pass(draft);
	auto placed = place(*draft, framework, kept, record.current);
	if (!placed)
		return pass(placed);
	describe_plan(*placed, *draft, outcome);
	outcome.running = record.current;
	for (const int node : placed->load)
		outcome.loaded.push_back(draft->nodes[static_cast<std::size_t>(node)].name);
	outcome.slots_written = static_cast<int>(placed->write.size()) + (placed->flip >= 0 ? 1 : 0);
	if (placed->flip < 0) {
		outcome.canary.skipped = "nothing changed";
	} else if (!options.canary) {
		outcome.canary.skipped = "--no-canary";
	} else if (auto checked = check_canaries(intent, *draft, &kept.at(record.current), built->ports,
						 ScratchPins(store.scratch_pins()), library_, diagnostics, outcome);
		   !checked) {
		return pass(checked);
	}
	return outcome;
}

Result<Outcome> Coordinator::upgrade(const std::string& nf, const Intent& intent, const UpgradeOptions& options,
				     intent::Diagnostics& diagnostics)
{
	const auto start = Clock::now();
	auto running = open_running(folders_, nf, progress_);
	if (!running)
		return pass(running);
	const Store& store = running->session.store;
	const NfRecord& record = running->record;
	Framework& framework = running->framework;
	const auto& kept = running->kept;
	std::optional<Watch> watch;
	if (options.watch.time.count() > 0) {
		auto begun = Watch::begin(framework, kept.at(record.current), options.watch);
		if (!begun)
			return pass(begun);
		watch.emplace(std::move(*begun));
	}
	auto built = build(intent.text, intent.file, library_, diagnostics, known_ports(record, kept, options.devices),
			   intent::running_kernel());
	if (!built)
		return pass(built);
	if (!record.hosted.empty())
		if (auto fits = check_hosting_depth(built->depth); !fits)
			return pass(fits);
	const Signals signals; // from here on: the compilers should not inherit it
	const bool first_sender = framework.ports() < 0 && !built->devices.empty();
	auto visit = loader::NetnsVisit::enter(options.devices.empty() && !first_sender ? "" : record.netns);
	if (!visit)
		return pass(visit);
	auto ports = plan_ports(*built, record.ports, options.devices);
	if (!ports)
		return pass(ports);

	Journal journal{.operation = "upgrade", .from = record.current, .to = record.last + 1, .step = "prepare"};
	journal.add = ports->add;
	journal.remove = ports->remove;
	const auto attempt = [&]() -> Result<Outcome> {
		Outcome outcome;
		outcome.nf = nf;
		outcome.mended = running->session.mended;
		describe_build(*built, outcome);
		const auto state_start = Clock::now();
		auto state = plan_state(store, *built, library_, kept, record.current, options.drop_state, false);
		if (!state)
			return pass(state);
		outcome.state = state->changes;
		outcome.state_ms = ms_since(state_start);
		auto records = state->records();
		if (!records)
			return pass(records);
		auto draft = draft_of(*built, journal.to, kept, *records, ports->ports);
		if (!draft)
			return pass(draft);
		inherit_ways(*draft, kept.at(record.current));
		if (auto added = add_moves(*draft, state->moves, state->maps, library_); !added)
			return pass(added);
		if (!state->moves.empty() && (watch || !ports->add.empty()))
			return fail(ErrorKind::refused,
				    "the state " + state->moves.front().atom + " would migrate, and an upgrade that " +
					(watch ? "is watched" : "adds a port") +
					" must be able to go back by one write: what had moved by then would be gone",
				    watch
					? "give the state its new layout in an upgrade without --watch (nfup rollback "
					  "migrates back), and watch the next one, which uses it"
					: "add the port in an upgrade of its own");
		auto placed = place(*draft, framework, kept, record.current);
		if (!placed)
			return pass(placed);
		describe_plan(*placed, *draft, outcome);
		describe_ports(*ports, outcome);
		if (watch) {
			if (auto named = watch->check(*draft); !named)
				return pass(named);
			if (!ports->remove.empty())
				watch->leave_out_strangers();
		}
		if (placed->flip < 0) {
			outcome.generation = outcome.running = record.current;
			outcome.result = "committed";
			outcome.reason = outcome.canary.skipped = "nothing changed";
			outcome.total_ms = ms_since(start);
			return outcome;
		}
		if (!options.canary) {
			outcome.canary.skipped = "--no-canary";
		} else if (auto checked =
			       check_canaries(intent, as_plain(*draft), &kept.at(record.current), built->ports,
					      ScratchPins(store.scratch_pins()), library_, diagnostics, outcome);
			   !checked) {
			return pass(checked);
		}
		if (outcome.result == "refused") {
			outcome.running = record.current;
			outcome.total_ms = ms_since(start);
			return outcome;
		}
		journal.fresh = fresh_slots(*placed);
		if (auto written = store.write_journal(journal); !written)
			return pass(written);
		if (auto pinned = pin_state_drafts(store, *state); !pinned)
			return pass(pinned);
		auto context = framework.context(store, *built, kept.at(record.current).contract);
		if (!context)
			return pass(context);
		if (auto ensured = framework.ensure_optional(store, *built); !ensured)
			return pass(ensured);
		if (auto written = write_ports(framework, *ports, first_sender); !written)
			return pass(written);
		if (auto cleared = clear_new_counters(*draft, kept, framework); !cleared)
			return pass(cleared);
		auto maps = map_fds(framework, *context, state->maps);
		add_old_maps(maps, *draft, state->moves);
		if (auto swapped = run_swap(store, framework, kept, *draft, *placed, maps, journal, outcome, start,
					    record, signals, watch ? &*watch : nullptr);
		    !swapped)
			return pass(swapped);
		if (outcome.result == "rolled-back")
			return outcome;
		if (!state->moves.empty())
			if (auto moved = finish_migration(store, framework, progress_, signals, outcome, start); !moved)
				return pass(moved);
		if (auto reclaimed = reclaim(store, framework, options.keep, journal.from); !reclaimed)
			return pass(reclaimed);
		return outcome;
	};
	auto outcome = attempt();
	if (!outcome && journal.step == "prepare") // else recovery decides by what the flip slot holds
		if (auto undone = undo(store, framework, journal); !undone)
			outcome.error().message += "\nand undoing failed: " + undone.error().message;
	return outcome;
}

Result<Outcome> Coordinator::rollback(const std::string& nf, int to)
{
	const auto start = Clock::now();
	const Signals signals;
	auto running = open_running(folders_, nf, progress_);
	if (!running)
		return pass(running);
	const Store& store = running->session.store;
	const NfRecord& record = running->record;
	Framework& framework = running->framework;
	const auto& kept = running->kept;
	if (to == 0) {
		auto before = generation_before(store, record.current);
		if (!before)
			return pass(before);
		to = *before;
	}
	std::string numbers;
	for (const auto& [number, generation] : kept)
		if (number != record.current)
			numbers += (numbers.empty() ? "" : ", ") + std::to_string(number);
	if (!kept.contains(to) || to == record.current)
		return fail(ErrorKind::refused,
			    to == 0 ? "'" + nf + "' has no earlier generation to go back to"
				    : "generation " + std::to_string(to) + " of '" + nf + "' is " +
					  (to == record.current ? "running already" : "not kept"),
			    numbers.empty() ? "there is none but the running one" : "kept: " + numbers);

	Generation draft = kept.at(to);
	auto visit = loader::NetnsVisit::enter(labels_of(draft.ports) == labels_of(record.ports) ? "" : record.netns);
	if (!visit)
		return pass(visit);
	auto ports = plan_ports(draft, record);
	if (!ports)
		return pass(ports);
	if (auto whole = check_states(store, kept.at(record.current)); !whole)
		return pass(whole);
	auto moves = moves_back(kept.at(record.current), draft);
	if (!moves)
		return pass(moves);
	if (!moves->empty() && !ports->add.empty())
		return fail(ErrorKind::refused,
			    "the state " + moves->front().atom + " would migrate, and the way back to generation " +
				std::to_string(to) + " adds a port",
			    "add the port in an upgrade of its own, then roll back");
	// The state this generation used, by kernel id: its programs keep it alive.
	std::map<std::string, Fd> state;
	Outcome outcome;
	outcome.nf = nf;
	outcome.mended = running->session.mended;
	for (const StateRecord& used : draft.state) {
		auto map = loader::open_map(used.map_id);
		if (!map)
			return pass(map);
		state.emplace(used.atom, std::move(*map));
		const bool moves_it = std::ranges::find(*moves, used.atom, &Move::atom) != moves->end();
		outcome.state.push_back({used.atom, moves_it ? StateAction::migrate : StateAction::keep, ""});
	}
	if (auto added = add_moves(draft, *moves, state, library_); !added)
		return pass(added);
	auto placed = place(draft, framework, kept, record.current);
	if (!placed)
		return pass(placed);
	describe_plan(*placed, draft, outcome);
	describe_ports(*ports, outcome);
	if (placed->flip < 0)
		return fail(ErrorKind::refused, "generation " + std::to_string(to) +
						    " is the same as the running one: nothing to roll back");

	Build contexts;
	contexts.contract = draft.contract;
	auto context = framework.context(store, contexts, draft.contract);
	if (!context)
		return pass(context);
	Journal journal{.operation = "rollback", .from = record.current, .to = to, .step = "prepare"};
	journal.fresh = fresh_slots(*placed);
	journal.add = ports->add;
	journal.remove = ports->remove;
	if (auto written = store.write_journal(journal); !written)
		return pass(written);
	auto ready = write_ports(framework, *ports, false);
	for (const auto& [atom, fd] : state)
		if (ready)
			ready = loader::repin(fd.get(), store.draft_state_pin(atom));
	if (!ready) {
		if (auto undone = undo(store, framework, journal); !undone)
			ready.error().message += "\nand undoing failed: " + undone.error().message;
		return pass(ready);
	}
	outcome.reason = "asked for";
	auto maps = map_fds(framework, *context, state);
	add_old_maps(maps, draft, *moves);
	if (auto swapped =
		run_swap(store, framework, kept, draft, *placed, maps, journal, outcome, start, record, signals);
	    !swapped)
		return pass(swapped);
	if (!moves->empty() && outcome.result == "committed")
		if (auto moved = finish_migration(store, framework, progress_, signals, outcome, start); !moved)
			return pass(moved);
	return outcome;
}

} // namespace nfup::upgrade
