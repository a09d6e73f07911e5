// SPDX-License-Identifier: BSD-2-Clause
// Coordinator: the beginning and the end of an NF.
#include <algorithm>

#include "bring_up.h"
#include "canary_check.h"
#include "clock.h"
#include "coordinator.h"
#include "draft.h"
#include "hosting.h"
#include "loader/bpffs.h"
#include "loader/files.h"
#include "loader/netns.h"
#include "ports.h"
#include "session.h"
#include "swap.h"

namespace nfup::upgrade {

Result<Outcome> Coordinator::attach(const Intent& intent, const AttachOptions& options,
				    intent::Diagnostics& diagnostics)
{
	const auto start = Clock::now();
	auto store = Store::open(folders_, options.name);
	if (!store)
		return pass(store);
	auto built = build(intent.text, intent.file, library_, diagnostics, {}, intent::running_kernel());
	if (!built)
		return pass(built);
	if (options.mode == loader::Mode::offload)
		return fail(ErrorKind::system, "offload: tail calls and per-CPU maps do not run on the NIC",
			    "use --mode native");
	auto visit = loader::NetnsVisit::enter(options.netns);
	if (!visit)
		return pass(visit);
	auto ports = plan_ports(*built, {}, options.devices, options.then);
	if (!ports)
		return pass(ports);
	auto hosting = plan_hosting(ports->ports, options.then, options.mode, built->depth);
	if (!hosting)
		return pass(hosting);

	Outcome outcome;
	outcome.nf = options.name;
	describe_build(*built, outcome);
	if (!options.canary)
		outcome.canary.skipped = "--no-canary";
	else if (auto checked = check_first_canaries(intent, *built, ports->ports, library_, diagnostics, outcome);
		 !checked)
		return pass(checked);
	if (outcome.result == "refused") {
		outcome.running = 0;
		outcome.total_ms = ms_since(start);
		return outcome;
	}

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
				    "`nfup upgrade " + options.name + " INTENT` changes it, `nfup detach " +
					options.name + "` takes it down");
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
		const NfRecord record{.name = options.name,
				      .netns = options.netns,
				      .mode = loader::to_string(options.mode),
				      .bpffs = store->pins(),
				      .ports = ports->ports,
				      .hosted = records_of(*hosting)};
		if (auto written = store->write_nf(record); !written)
			return pass(written);
		describe_ports(*ports, outcome);
		if (auto up =
			bring_up({*store, *built, library_, ports->ports, record, *hosting, start}, journal, outcome);
		    !up)
			return pass(up);
		return outcome;
	};
	auto attached = attempt();
	if (!attached)
		if (auto removed = remove_all(*store); !removed)
			attached.error().message += "\nand taking it down failed: " + removed.error().message;
	return attached;
}

Result<void> Coordinator::detach(const std::string& nf)
{
	// What a migration has not moved yet goes as well.
	auto session = begin(folders_, nf, [](const auto&...) { return false; });
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
	auto mended = mend(*store, progress_);
	if (!mended || !store->exists())
		return mended;
	if (auto whole = check_mended(*store, *mended); !whole)
		return pass(whole);
	return mended;
}

} // namespace nfup::upgrade
