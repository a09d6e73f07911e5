// SPDX-License-Identifier: BSD-2-Clause
#include "bring_up.h"

#include "draft.h"
#include "framework.h"
#include "loader/bpffs.h"
#include "ports.h"
#include "state_plan.h"
#include "swap.h"

namespace nfup::upgrade {

namespace {

Result<void> attach_devices(const Framework& framework, const BringUp& what)
{
	auto ingress = loader::load_program({what.build.ingress,
					     "ingress",
					     "ingress",
					     {{"nfup_out", loader::bytes_of(std::uint32_t{NFUP_ROOT_SLOT})},
					      {"nfup_node", loader::bytes_of(std::uint32_t{0})}},
					     {{"slots", framework.slots()}, {"counters", framework.counters()}}});
	if (!ingress)
		return pass(ingress);
	for (std::size_t i = 0; i < what.ports.size(); i++)
		if (framework.ports() >= 0 && !what.ports[i].label.empty())
			if (auto written = framework.write_port(static_cast<std::uint32_t>(i), what.ports[i].ifindex);
			    !written)
				return written;
	if (auto pinned = loader::pin(ingress->get(), what.store.ingress_pin()); !pinned)
		return pinned;
	if (auto pinned = pin_hosting(what.store, what.hosting); !pinned)
		return pinned;
	for (std::size_t i = 0; i < what.ports.size(); i++)
		if (!what.ports[i].label.empty())
			if (auto taken = take_device(what.store, framework, what.record, static_cast<int>(i),
						     what.ports[i], *ingress);
			    !taken)
				return taken;
	return {};
}

} // namespace

Result<void> bring_up(const BringUp& what, Journal& journal, Outcome& outcome)
{
	const Store& store = what.store;
	for (const auto& folder : {store.pins(), store.pins() / "links", store.pins() / "state", store.pins() / "gen"})
		if (auto made = loader::make_pin_folder(folder); !made)
			return made;
	auto framework = Framework::create(store, what.build);
	if (!framework)
		return pass(framework);
	auto context = framework->context(store, what.build, what.build.contract);
	if (!context)
		return pass(context);
	const auto state_start = Clock::now();
	auto state = plan_state(store, what.build, what.library, {}, 0, {}, false);
	if (!state)
		return pass(state);
	if (auto pinned = pin_state_drafts(store, *state); !pinned)
		return pinned;
	if (what.fill)
		if (auto filled = what.fill(state->maps); !filled)
			return filled;
	outcome.state = state->changes;
	outcome.state_ms = ms_since(state_start);
	auto records = state->records();
	if (!records)
		return pass(records);
	auto draft = draft_of(what.build, journal.to, {}, *records, what.ports);
	if (!draft)
		return pass(draft);
	auto plan = place(*draft, *framework, {}, 0);
	if (!plan)
		return pass(plan);
	describe_plan(*plan, *draft, outcome);

	const std::map<int, Generation> none;
	Swap swap(store, *framework, none);
	if (auto prepared = swap.prepare(*draft, *plan, map_fds(*framework, *context, state->maps), outcome); !prepared)
		return prepared;
	if (auto flipped = swap.flip(*plan, outcome); !flipped)
		return flipped;
	if (auto attached = attach_devices(*framework, what); !attached)
		return attached;
	outcome.result = "committed";
	outcome.total_ms = ms_since(what.start);
	journal.history = history_entry(outcome, journal.operation, journal.from);
	return commit(store, *framework, journal);
}

} // namespace nfup::upgrade
