// SPDX-License-Identifier: BSD-2-Clause
#include "reattach.h"

#include <bpf/bpf.h>

#include "bring_up.h"
#include "freeze.h"
#include "loader/bpffs.h"
#include "loader/netns.h"
#include "loader/program.h"
#include "session.h"
#include "swap.h"

namespace nfup::upgrade {
namespace fs = std::filesystem;

namespace {

// The devices by name, as they are numbered now.
Result<std::vector<Port>> find_ports(const std::string& nf, std::vector<Port> ports,
				     const std::map<std::string, Hosted>& hosted)
{
	for (Port& port : ports) {
		if (port.label.empty())
			continue;
		const std::string what = "'" + nf + "' had port " + port.label + " on device " + port.ifname;
		auto there = loader::find_device(port.ifname);
		if (!there)
			return fail(ErrorKind::system, what + ", which is not there",
				    "restore when it is; nothing was changed");
		port.ifindex = *there;
		if (hosted.contains(port.label)) // plan_hosting looks closer
			continue;
		if (const std::string holder = loader::device_holder(port.ifindex); !holder.empty())
			return fail(ErrorKind::system, what + ", which is busy: it runs " + holder,
				    "detach that program first (`bpftool net` shows it)");
	}
	return ports;
}

// Those of ports that the generation has: another one's would be asked for in vain.
Then present_in(const std::vector<Port>& ports, const std::map<std::string, Hosted>& hosted)
{
	Then then;
	for (const Port& port : ports)
		if (const auto found = hosted.find(port.label); found != hosted.end())
			then.emplace_back(port.label, found->second.origin);
	return then;
}

Result<void> fill(const fs::path& snapshot, const std::map<std::string, Fd>& maps, const std::vector<Way>& ways,
		  const loader::Library& library, Reattached& result)
{
	auto states = open_states(maps);
	if (!states)
		return pass(states);
	const auto attempt = [&]() -> Result<std::vector<RestoredCount>> {
		auto file = StateFile::open(snapshot);
		if (!file)
			return pass(file);
		auto conversions = plan_restore(*file, *states, {}, ways, library);
		if (!conversions)
			return pass(conversions);
		return restore_states(*file, *states, {}, true, *conversions);
	};
	auto restored = attempt();
	if (restored) {
		result.restored = std::move(*restored);
		return {};
	}
	// To forward without is better than not to; the next snapshot must not replace it.
	result.lost = restored.error().message;
	std::error_code error;
	fs::rename(snapshot, snapshot.string() + ".refused", error);
	return {};
}

} // namespace

fs::path snapshot_path(const Store& store)
{
	return store.records() / "state.save";
}

Result<Reattached> reattach(const Folders& folders, const std::string& nf, loader::Library& library, bool with_state)
{
	const auto start = Clock::now();
	auto session = begin(folders, nf);
	if (!session)
		return pass(session);
	const Store& store = session->store;
	Reattached result;
	result.outcome.nf = nf;
	result.outcome.mended = session->mended;
	std::error_code error;
	if (fs::exists(store.pins() / "slots", error)) {
		result.was_running = true;
		return result;
	}
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	if (auto runs = check_not_frozen(*record); !runs)
		return pass(runs);
	auto generation = store.read_running();
	if (!generation)
		return pass(generation);
	auto mode = loader::parse_mode(record->mode);
	if (!mode)
		return pass(mode);
	auto built = rebuild(*generation, library);
	if (!built)
		return pass(built);
	auto visit = loader::NetnsVisit::enter(record->netns);
	if (!visit)
		return pass(visit);
	auto ports = find_ports(nf, generation->ports.empty() ? record->ports : generation->ports, record->hosted);
	if (!ports)
		return pass(ports);
	auto hosting = plan_hosting(*ports, present_in(*ports, record->hosted), *mode, 0);
	if (!hosting)
		return pass(hosting);
	if (auto mounted = loader::ensure_bpffs(folders.bpffs); !mounted)
		return pass(mounted);

	Journal journal{.operation = "reattach", .from = record->current, .to = record->last + 1, .step = "prepare"};
	if (auto written = store.write_journal(journal); !written)
		return pass(written);
	record->hosted = records_of(*hosting);
	if (auto written = store.write_nf(*record); !written)
		return pass(written);
	BringUp what{store, *built, library, *ports, *record, *hosting, start};
	const fs::path snapshot = snapshot_path(store);
	if (with_state && fs::exists(snapshot, error))
		what.fill = [&](const std::map<std::string, Fd>& maps) {
			return fill(snapshot, maps, generation->ways, library, result);
		};
	if (auto up = bring_up(what, journal, result.outcome); !up) {
		if (auto undone = finish_reattach(store, journal); !undone)
			up.error().message += "\nand taking it down failed: " + undone.error().message;
		return pass(up);
	}
	for (const int number : store.generations())
		if (number != journal.to)
			if (auto removed = store.remove_generation(number); !removed)
				return pass(removed);
	return result;
}

Result<std::string> finish_reattach(const Store& store, const Journal& journal)
{
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	const bool committed = record->current == journal.to;
	if (!committed) {
		if (auto removed = remove_pins_of(store); !removed)
			return pass(removed);
		if (auto removed = store.remove_draft(journal.to); !removed)
			return pass(removed);
		if (auto removed = store.remove_generation(journal.to); !removed)
			return pass(removed);
	}
	if (auto cleared = store.clear_journal(); !cleared)
		return pass(cleared);
	return std::string(committed ? "finished, generation " + std::to_string(journal.to) + " runs"
				     : "undone; `nfup restore-all` tries again");
}

} // namespace nfup::upgrade
