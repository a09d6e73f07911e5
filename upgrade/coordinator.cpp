// SPDX-License-Identifier: BSD-2-Clause
#include "coordinator.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "framework.h"
#include "loader/bpffs.h"
#include "loader/files.h"
#include "loader/netns.h"
#include "state_plan.h"
#include "swap.h"

namespace nfup::upgrade {

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start)
{
	return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::vector<std::string> labels_of(const std::vector<Port>& ports)
{
	std::vector<std::string> labels;
	for (const Port& port : ports)
		labels.push_back(port.label);
	return labels;
}

// Every port of the intent has a device, every device given is used, none twice.
Result<std::vector<Port>> match_devices(const Build& build,
					const std::vector<std::pair<std::string, std::string>>& devices)
{
	std::vector<Port> ports;
	for (const std::string& label : build.ports) {
		const auto given = std::ranges::find(devices, label, &std::pair<std::string, std::string>::first);
		if (given == devices.end())
			return fail(ErrorKind::intent, "port " + label + " of the intent has no device",
				    "add --dev " + label + "=INTERFACE");
		auto index = loader::find_device(given->second);
		if (!index)
			return pass(index);
		for (const Port& port : ports)
			if (port.ifindex == *index)
				return fail(ErrorKind::intent, "device " + given->second + " is given to two ports, " +
								       port.label + " and " + label);
		if (const std::string holder = loader::device_holder(*index); !holder.empty())
			return fail(ErrorKind::system, "device " + given->second + " is busy: it runs " + holder,
				    "detach that program first (`bpftool net` shows it; `nfup detach NF` if it is ours)");
		ports.push_back({label, given->second, *index});
	}
	for (const auto& [label, ifname] : devices)
		if (std::ranges::find(build.ports, label) == build.ports.end())
			return fail(ErrorKind::intent, "--dev " + label + "=" + ifname + ": the intent has no port " + label,
				    "its ports are the arguments of FromDevice and ToDevice");
	return ports;
}

// The draft's nodes, without placement. A name keeps its counter over upgrades.
Result<Generation> draft_of(const Build& build, int number, const std::map<int, Generation>& kept,
			    const std::vector<StateRecord>& state, const std::vector<Port>& ports)
{
	Generation draft;
	draft.number = number;
	draft.created = now_utc();
	draft.intent_file = build.file;
	draft.intent = build.text;
	draft.contract = build.contract;
	draft.state = state;

	std::map<std::string, std::uint32_t> counters, map_ids;
	std::set<std::uint32_t> used = {0}; // ingress
	for (const auto& [old, generation] : kept)
		for (const GenerationNode& node : generation.nodes) {
			counters[node.name] = node.counter;
			used.insert(node.counter);
		}
	for (const StateRecord& record : state)
		map_ids[record.atom] = record.map_id;

	std::uint32_t next = 0;
	for (const BuiltNode& built : build.nodes) {
		GenerationNode node;
		node.name = built.name;
		node.cls = built.cls;
		node.args = built.args;
		node.object = built.object;
		node.constants = built.constants;
		node.state = built.state;
		node.out = built.out;
		if (built.cls == "root") {
			std::vector<std::uint32_t> ifindexes(NFUP_MAX_OUTPUTS);
			for (std::size_t i = 0; i < ports.size(); i++)
				if (i < built.out.size() && built.out[i] >= 0)
					ifindexes[i] = static_cast<std::uint32_t>(ports[i].ifindex);
			const auto* bytes = reinterpret_cast<const std::uint8_t*>(ifindexes.data());
			node.constants.push_back({"nfup_ifindex", {bytes, bytes + ifindexes.size() * sizeof ifindexes[0]}});
			node.constants.push_back({"nfup_ports", loader::bytes_of(static_cast<std::uint32_t>(ports.size()))});
		}
		if (const auto known = counters.find(node.name); known != counters.end()) {
			node.counter = known->second;
		} else {
			while (used.contains(next))
				next++;
			if (next >= NFUP_MAX_COUNTERS)
				return fail(ErrorKind::refused, "more than " + std::to_string(NFUP_MAX_COUNTERS - 1) +
									" node names in the kept generations",
					    "keep fewer generations: --keep N");
			node.counter = next;
			used.insert(next);
		}
		BuiltNode configured = built;
		configured.constants = node.constants;
		node.identity = identity(configured, build, map_ids, node.counter);
		draft.nodes.push_back(std::move(node));
	}
	return draft;
}

// Counters of names that are new start at zero, also where another name had them.
Result<void> clear_new_counters(const Generation& draft, const std::map<int, Generation>& kept,
				const Framework& framework)
{
	std::set<std::string> known;
	for (const auto& [number, generation] : kept)
		for (const GenerationNode& node : generation.nodes)
			known.insert(node.name);
	for (const GenerationNode& node : draft.nodes)
		if (!known.contains(node.name))
			if (auto cleared = framework.clear_counter(node.counter); !cleared)
				return cleared;
	return {};
}

void describe_build(const Build& build, Outcome& outcome)
{
	outcome.compiled = build.compiled;
	outcome.reused = build.reused;
	outcome.build_ms = build.build_ms;
}

void describe_plan(const Plan& plan, const Generation& draft, Outcome& outcome)
{
	outcome.generation = draft.number;
	outcome.changed = plan.changed;
	outcome.shared = plan.shared;
	outcome.removed = plan.removed;
	outcome.why = plan.why;
	if (plan.flip >= 0) {
		outcome.flip_slot = plan.placement[static_cast<std::size_t>(plan.flip)].slot;
		outcome.flip_node = draft.nodes[static_cast<std::size_t>(plan.flip)].name;
	}
}

std::map<std::string, int> map_fds(const Framework& framework, const Fd& context, const std::map<std::string, Fd>& state)
{
	std::map<std::string, int> fds = {{"slots", framework.slots()}, {"counters", framework.counters()}};
	if (framework.ports() >= 0)
		fds["ports"] = framework.ports();
	if (context)
		fds["pkt"] = context.get();
	for (const auto& [name, fd] : state)
		fds[name] = fd.get();
	return fds;
}

// prepare → flip → commit for a draft that is placed. On an error before the
// flip everything is undone and the old generation never noticed.
Result<void> run_swap(const Store& store, const Framework& framework, const std::map<int, Generation>& kept,
		      Generation& draft, const Plan& plan, const std::map<std::string, int>& maps, Journal& journal,
		      Outcome& outcome, Clock::time_point start)
{
	Swap swap(store, framework, kept);
	if (auto prepared = swap.prepare(draft, plan, maps, outcome); !prepared) {
		if (auto undone = undo(store, framework, journal); !undone)
			prepared.error().message += "\nand undoing failed: " + undone.error().message;
		return prepared;
	}
	journal.step = "flip";
	journal.flip_slot = *outcome.flip_slot;
	journal.new_prog_id = swap.flip_program_id();
	outcome.result = "committed";
	outcome.total_ms = ms_since(start);
	journal.history = history_entry(outcome, journal.operation, journal.from);
	if (auto written = store.write_journal(journal); !written) {
		if (auto undone = undo(store, framework, journal); !undone)
			written.error().message += "\nand undoing failed: " + undone.error().message;
		return written;
	}
	if (auto flipped = swap.flip(plan, outcome); !flipped) {
		// The write is atomic: it failed, so the old generation still runs.
		if (framework.read_slot(journal.flip_slot) != journal.new_prog_id)
			if (auto undone = undo(store, framework, journal); !undone)
				flipped.error().message += "\nand undoing failed: " + undone.error().message;
		return flipped;
	}
	outcome.total_ms = ms_since(start);
	journal.history = history_entry(outcome, journal.operation, journal.from);
	return commit(store, journal);
}

// The lock, and the mending of what a dead command left behind.
struct Session {
	Store store;
	Fd lock;
};

Result<std::string> mend(const Store& store)
{
	auto journal = store.read_journal();
	if (!journal)
		return pass(journal);
	if (!*journal)
		return "";
	const Journal& left = **journal;
	const std::string what = "a dead `" + left.operation + "` of '" + store.nf() + "' was found: ";
	auto record = store.read_nf();
	const bool never_ran = left.operation == "attach" && (!record || record->current == 0);
	if (never_ran || left.operation == "detach") {
		if (auto removed = remove_all(store); !removed)
			return pass(removed);
		return what + (never_ran ? "undone, nothing of it is left" : "finished, nothing is left");
	}
	auto framework = Framework::open(store);
	if (!framework)
		return pass(framework);
	if (left.step == "flip" && framework->read_slot(left.flip_slot) == left.new_prog_id) {
		if (auto committed = commit(store, left); !committed)
			return pass(committed);
		return what + "it had flipped; finished, generation " + std::to_string(left.to) + " runs";
	}
	if (auto undone = undo(store, *framework, left); !undone)
		return pass(undone);
	return what + "it had not flipped; undone, generation " + std::to_string(left.from) + " runs";
}

Result<Session> begin(const Folders& folders, const std::string& nf)
{
	auto store = Store::open(folders, nf);
	if (!store)
		return pass(store);
	if (!store->exists())
		return fail(ErrorKind::intent, "there is no NF '" + nf + "'", "`nfup status` lists the NFs");
	auto lock = store->lock();
	if (!lock)
		return pass(lock);
	if (auto mended = mend(*store); !mended)
		return pass(mended);
	if (!store->exists())
		return fail(ErrorKind::intent, "there is no NF '" + nf + "': its attach was cut off and has been undone",
			    "attach it again");
	return Session{std::move(*store), std::move(*lock)};
}

Result<void> attach_devices(const Store& store, const Framework& framework, const Build& build, NfRecord& record,
			    loader::Mode mode)
{
	auto ingress = loader::load_program({build.ingress,
					     "ingress",
					     "ingress",
					     {{"nfup_out", loader::bytes_of(std::uint32_t{NFUP_ROOT_SLOT})},
					      {"nfup_node", loader::bytes_of(std::uint32_t{0})}},
					     {{"slots", framework.slots()}, {"counters", framework.counters()}}});
	if (!ingress)
		return pass(ingress);
	for (std::size_t i = 0; i < record.ports.size(); i++) {
		const Port& port = record.ports[i];
		if (framework.ports() >= 0)
			if (auto written = framework.write_port(static_cast<std::uint32_t>(i), port.ifindex); !written)
				return written;
	}
	for (const Port& port : record.ports) {
		auto link = loader::attach(ingress->get(), port.ifindex, port.ifname, mode);
		if (!link)
			return pass(link);
		if (auto pinned = loader::pin(link->get(), store.link_pin(port.label)); !pinned)
			return pinned;
	}
	return {};
}

} // namespace

Result<Outcome> Coordinator::attach(const Intent& intent, const AttachOptions& options, intent::Diagnostics& diagnostics)
{
	const auto start = Clock::now();
	auto store = Store::open(folders_, options.name);
	if (!store)
		return pass(store);
	auto built = build(intent.text, intent.file, library_, diagnostics);
	if (!built)
		return pass(built);
	if (options.mode == loader::Mode::offload)
		return fail(ErrorKind::system, "offload: tail calls and per-CPU maps do not run on the NIC",
			    "use --mode native");
	auto visit = loader::NetnsVisit::enter(options.netns);
	if (!visit)
		return pass(visit);
	auto ports = match_devices(*built, options.devices);
	if (!ports)
		return pass(ports);

	// From here on things are made; all of them under the lock.
	if (auto made = make_folders(store->records()); !made)
		return pass(made);
	auto lock = store->lock();
	if (!lock)
		return pass(lock);
	if (auto mended = mend(*store); !mended)
		return pass(mended);
	std::error_code error;
	if (store->exists()) {
		if (std::filesystem::exists(store->pins() / "slots", error))
			return fail(ErrorKind::intent, "there is an NF '" + options.name + "' already",
				    "`nfup upgrade " + options.name + " INTENT` changes it, `nfup detach " + options.name +
					    "` takes it down");
		// Records without pins: the machine was rebooted. What they describe is gone.
		for (const int number : store->generations())
			if (auto removed = store->remove_generation(number); !removed)
				return pass(removed);
	}
	if (auto mounted = loader::ensure_bpffs(folders_.bpffs); !mounted)
		return pass(mounted);

	const auto attempt = [&]() -> Result<Outcome> {
		Journal journal{.operation = "attach", .from = 0, .to = 1, .step = "prepare"};
		if (auto written = store->write_journal(journal); !written)
			return pass(written);
		for (const auto& folder : {store->pins(), store->pins() / "links", store->pins() / "state", store->pins() / "gen"})
			if (auto made = loader::make_pin_folder(folder); !made)
				return pass(made);
		NfRecord record{options.name, options.netns, loader::to_string(options.mode), store->pins(), *ports, 0, 0};
		if (auto written = store->write_nf(record); !written)
			return pass(written);
		auto framework = Framework::create(*store, *built);
		if (!framework)
			return pass(framework);
		auto context = framework->context(*store, *built, built->contract);
		if (!context)
			return pass(context);
		const auto state_start = Clock::now();
		auto state = plan_state(*store, *built, {}, false);
		if (!state)
			return pass(state);
		if (auto pinned = pin_state_drafts(*store, *state); !pinned)
			return pass(pinned);

		Outcome outcome;
		outcome.nf = options.name;
		describe_build(*built, outcome);
		outcome.state = state->changes;
		outcome.state_ms = ms_since(state_start);
		auto draft = draft_of(*built, 1, {}, state->records(), *ports);
		if (!draft)
			return pass(draft);
		auto plan = place(*draft, *framework, {}, 0);
		if (!plan)
			return pass(plan);
		describe_plan(*plan, *draft, outcome);

		// The pipeline is whole before the first packet can enter it. The journal
		// stays at `prepare`: a crash before the commit undoes the attach.
		const std::map<int, Generation> none;
		Swap swap(*store, *framework, none);
		if (auto prepared = swap.prepare(*draft, *plan, map_fds(*framework, *context, state->maps), outcome);
		    !prepared)
			return pass(prepared);
		if (auto flipped = swap.flip(*plan, outcome); !flipped)
			return pass(flipped);
		if (auto attached = attach_devices(*store, *framework, *built, record, options.mode); !attached)
			return pass(attached);
		outcome.result = "committed";
		outcome.total_ms = ms_since(start);
		journal.history = history_entry(outcome, "attach", 0);
		if (auto committed = commit(*store, journal); !committed)
			return pass(committed);
		return outcome;
	};
	auto outcome = attempt();
	if (!outcome)
		if (auto removed = remove_all(*store); !removed)
			outcome.error().message += "\nand taking it down failed: " + removed.error().message;
	return outcome;
}

Result<Outcome> Coordinator::plan(const std::string& nf, const Intent& intent, const UpgradeOptions& options,
				  intent::Diagnostics& diagnostics)
{
	auto session = begin(folders_, nf);
	if (!session)
		return pass(session);
	const Store& store = session->store;
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	auto framework = Framework::open(store);
	if (!framework)
		return pass(framework);
	auto built = build(intent.text, intent.file, library_, diagnostics, labels_of(record->ports));
	if (!built)
		return pass(built);
	auto kept = read_generations(store);
	if (!kept)
		return pass(kept);
	auto state = plan_state(store, *built, options.drop_state, true);
	if (!state)
		return pass(state);
	Outcome outcome;
	outcome.nf = nf;
	describe_build(*built, outcome);
	outcome.state = state->changes;
	auto records = state->records();
	for (const StateChange& change : state->changes) // maps that would be made: no id yet
		if (change.action != StateAction::keep)
			records.push_back({change.atom, "", 0});
	auto draft = draft_of(*built, record->last + 1, *kept, records, record->ports);
	if (!draft)
		return pass(draft);
	auto placed = place(*draft, *framework, *kept, record->current);
	if (!placed)
		return pass(placed);
	describe_plan(*placed, *draft, outcome);
	for (const int node : placed->load)
		outcome.loaded.push_back(draft->nodes[static_cast<std::size_t>(node)].name);
	outcome.slots_written = static_cast<int>(placed->write.size()) + (placed->flip >= 0 ? 1 : 0);
	return outcome;
}

Result<Outcome> Coordinator::upgrade(const std::string& nf, const Intent& intent, const UpgradeOptions& options,
				     intent::Diagnostics& diagnostics)
{
	const auto start = Clock::now();
	auto session = begin(folders_, nf);
	if (!session)
		return pass(session);
	const Store& store = session->store;
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	auto framework = Framework::open(store);
	if (!framework)
		return pass(framework);
	auto built = build(intent.text, intent.file, library_, diagnostics, labels_of(record->ports));
	if (!built)
		return pass(built);
	if (built->ports != labels_of(record->ports))
		return fail(ErrorKind::refused,
			    "the new intent has other ports than '" + nf + "', which is attached to " +
				    std::accumulate(record->ports.begin(), record->ports.end(), std::string(),
						    [](std::string list, const Port& port) {
							    return list + (list.empty() ? "" : ", ") + port.label + "=" + port.ifname;
						    }),
			    "use the same ports, or detach and attach");
	auto kept = read_generations(store);
	if (!kept)
		return pass(kept);

	Journal journal{.operation = "upgrade", .from = record->current, .to = record->last + 1, .step = "prepare"};
	if (auto written = store.write_journal(journal); !written)
		return pass(written);
	const auto attempt = [&]() -> Result<Outcome> {
		Outcome outcome;
		outcome.nf = nf;
		describe_build(*built, outcome);
		const auto state_start = Clock::now();
		auto state = plan_state(store, *built, options.drop_state, false);
		if (!state)
			return pass(state);
		if (auto pinned = pin_state_drafts(store, *state); !pinned)
			return pass(pinned);
		outcome.state = state->changes;
		outcome.state_ms = ms_since(state_start);
		auto draft = draft_of(*built, journal.to, *kept, state->records(), record->ports);
		if (!draft)
			return pass(draft);
		auto placed = place(*draft, *framework, *kept, record->current);
		if (!placed)
			return pass(placed);
		describe_plan(*placed, *draft, outcome);
		if (placed->flip < 0) {
			outcome.generation = record->current;
			outcome.result = "committed";
			outcome.reason = "nothing changed";
			outcome.total_ms = ms_since(start);
			if (auto undone = undo(store, *framework, journal); !undone)
				return pass(undone);
			return outcome;
		}
		auto context = framework->context(store, *built, kept->at(record->current).contract);
		if (!context)
			return pass(context);
		if (auto ports = framework->ensure_ports(store, *built); !ports)
			return pass(ports);
		if (auto cleared = clear_new_counters(*draft, *kept, *framework); !cleared)
			return pass(cleared);
		if (auto swapped = run_swap(store, *framework, *kept, *draft, *placed,
					    map_fds(*framework, *context, state->maps), journal, outcome, start);
		    !swapped)
			return pass(swapped);
		if (auto reclaimed = reclaim(store, *framework, options.keep); !reclaimed)
			return pass(reclaimed);
		return outcome;
	};
	auto outcome = attempt();
	if (!outcome && journal.step == "prepare")
		if (auto undone = undo(store, *framework, journal); !undone)
			outcome.error().message += "\nand undoing failed: " + undone.error().message;
	return outcome;
}

Result<Outcome> Coordinator::rollback(const std::string& nf, int to)
{
	const auto start = Clock::now();
	auto session = begin(folders_, nf);
	if (!session)
		return pass(session);
	const Store& store = session->store;
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	auto framework = Framework::open(store);
	if (!framework)
		return pass(framework);
	auto kept = read_generations(store);
	if (!kept)
		return pass(kept);
	if (to == 0)
		for (const auto& [number, generation] : *kept)
			if (number < record->current)
				to = number;
	std::string numbers;
	for (const auto& [number, generation] : *kept)
		if (number != record->current)
			numbers += (numbers.empty() ? "" : ", ") + std::to_string(number);
	if (!kept->contains(to) || to == record->current)
		return fail(ErrorKind::refused,
			    to == 0 ? "'" + nf + "' has no earlier generation to go back to"
				    : "generation " + std::to_string(to) + " of '" + nf + "' is " +
					      (to == record->current ? "running already" : "not kept"),
			    numbers.empty() ? "there is none but the running one" : "kept: " + numbers);

	Generation draft = kept->at(to);
	// The state this generation used, by kernel id: its programs keep it alive.
	std::map<std::string, Fd> state;
	Outcome outcome;
	outcome.nf = nf;
	for (const StateRecord& used : draft.state) {
		auto map = loader::open_map(used.map_id);
		if (!map)
			return pass(map);
		state.emplace(used.atom, std::move(*map));
		outcome.state.push_back({used.atom, StateAction::keep, ""});
	}
	auto placed = place(draft, *framework, *kept, record->current);
	if (!placed)
		return pass(placed);
	describe_plan(*placed, draft, outcome);
	if (placed->flip < 0)
		return fail(ErrorKind::refused,
			    "generation " + std::to_string(to) + " is the same as the running one: nothing to roll back");

	Build contexts;
	contexts.contract = draft.contract;
	auto context = framework->context(store, contexts, draft.contract);
	if (!context)
		return pass(context);
	Journal journal{.operation = "rollback", .from = record->current, .to = to, .step = "prepare"};
	if (auto written = store.write_journal(journal); !written)
		return pass(written);
	for (const auto& [atom, fd] : state)
		if (auto pinned = loader::repin(fd.get(), store.draft_state_pin(atom)); !pinned)
			return pass(pinned);
	outcome.reason = "asked for";
	if (auto swapped = run_swap(store, *framework, *kept, draft, *placed, map_fds(*framework, *context, state),
				    journal, outcome, start);
	    !swapped)
		return pass(swapped);
	return outcome;
}

Result<void> Coordinator::detach(const std::string& nf)
{
	auto session = begin(folders_, nf);
	if (!session)
		return pass(session);
	Journal journal{.operation = "detach", .step = "prepare"};
	if (auto written = session->store.write_journal(journal); !written)
		return written;
	return remove_all(session->store);
}

Result<std::string> Coordinator::recover(const std::string& nf)
{
	auto store = Store::open(folders_, nf);
	if (!store)
		return pass(store);
	if (!store->exists())
		return fail(ErrorKind::intent, "there is no NF '" + nf + "'", "`nfup status` lists the NFs");
	auto lock = store->lock();
	if (!lock)
		return pass(lock);
	return mend(*store);
}

} // namespace nfup::upgrade
