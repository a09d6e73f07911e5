// SPDX-License-Identifier: BSD-2-Clause
#include "status.h"

#include "bpf/drop_reasons.h"
#include "framework.h"
#include "loader/attach.h"
#include "loader/bpffs.h"
#include "loader/netns.h"
#include "loader/program.h"
#include "state_access.h"
#include "statemaps/fill.h"
#include "statemaps/queue.h"
#include "statemaps/schema.h"

namespace nfup::upgrade {

namespace {

const char* const reason_names[] = {
#define X(symbol, name, meaning) name,
    NFUP_DROP_REASONS(X)
#undef X
};

const char* const event_names[] = {
#define X(symbol, name, meaning) name,
    NFUP_EVENTS(X)
#undef X
};

Result<Traffic> read_traffic(const Framework& framework, std::uint32_t counter, std::uint64_t& misses)
{
	auto counted = framework.read_counter(counter);
	if (!counted)
		return pass(counted);
	Traffic traffic{counted->packets, counted->bytes, {}, {}};
	for (int reason = 0; reason < NFUP_DROP_COUNT; reason++)
		if (counted->drops[reason] != 0)
			traffic.drops[reason_names[reason]] = counted->drops[reason];
	for (int event = 0; event < NFUP_EVENT_COUNT; event++)
		if (const std::uint64_t count = counted->drops[NFUP_EVENT_INDEX(event)])
			traffic.events[event_names[event]] = count;
	misses += counted->drops[NFUP_DROP_TAIL_CALL_MISS];
	return traffic;
}

// None: nothing of ours is there.
Result<std::optional<loader::Attached>> look_at(const Store& store, const PortStatus& port)
{
	// Others may exchange what they had attached before us; a link of ours is ours.
	if (port.hosted && !port.hosted->way.empty()) {
		auto ingress = loader::find_pin(store.ingress_pin());
		if (!ingress)
			return pass(ingress);
		if (!*ingress)
			return std::optional<loader::Attached>{};
		return std::optional(loader::describe_device(port.ifindex, loader::program_id((*ingress)->get())));
	}
	const auto link = loader::open_pin(store.link_pin(port.label));
	if (!link)
		return std::optional<loader::Attached>{};
	auto attached = loader::describe_link(link->get());
	if (!attached)
		return pass(attached);
	return std::optional(std::move(*attached));
}

Result<std::vector<PortStatus>> read_ports(const Store& store, const NfRecord& record)
{
	std::vector<PortStatus> ports;
	// The namespace may be gone: then so are the devices, and status says it.
	auto visit = loader::NetnsVisit::enter(record.netns);
	for (const Port& port : record.ports) {
		if (port.label.empty())
			continue;
		PortStatus status{port.label, port.ifname, "gone", port.ifindex, {}};
		if (const auto hosted = record.hosted.find(port.label);
		    hosted != record.hosted.end() && hosted->second.ifindex == port.ifindex)
			status.hosted = hosted->second;
		auto attached = visit ? look_at(store, status) : Result<std::optional<loader::Attached>>();
		if (!attached)
			return pass(attached);
		if (*attached) {
			status.mode = (*attached)->mode;
			if (!(*attached)->ifname.empty())
				status.ifname = (*attached)->ifname;
		}
		ports.push_back(status);
	}
	return ports;
}

} // namespace

Result<Status> read_status(const Folders& folders, const std::string& nf)
{
	auto store = Store::open(folders, nf);
	if (!store)
		return pass(store);
	auto record = store->read_nf();
	if (!record)
		return pass(record);
	auto journal = store->read_journal();
	if (!journal)
		return pass(journal);
	if (record->current == 0)
		return fail(ErrorKind::system,
			    "'" + nf + "' is not attached yet: " +
				(*journal ? "its attach is going on or was cut off" : "nothing was committed"),
			    "wait, or nfup recover " + nf);
	auto framework = Framework::open(*store);
	if (!framework)
		return pass(framework);
	auto generation = store->read_generation(record->current);
	if (!generation)
		return pass(generation);

	Status status;
	status.name = nf;
	status.generation = record->current;
	status.intent_file = generation->intent_file;
	status.netns = record->netns;
	status.frozen = record->frozen;
	for (const int number : store->generations())
		if (number != record->current)
			status.kept.push_back(number);
	if (*journal)
		status.unfinished = (*journal)->operation;
	auto ports = read_ports(*store, *record);
	if (!ports)
		return pass(ports);
	status.ports = std::move(*ports);

	auto ingress = read_traffic(*framework, 0, status.tail_call_miss);
	if (!ingress)
		return pass(ingress);
	status.ingress = std::move(*ingress);
	for (const GenerationNode& node : generation->nodes) {
		auto traffic = read_traffic(*framework, node.counter, status.tail_call_miss);
		if (!traffic)
			return pass(traffic);
		auto prog_id = framework->read_slot(node.slot);
		if (!prog_id)
			return pass(prog_id);
		if (node.cls == "root")
			status.root = std::move(*traffic);
		else
			status.nodes.push_back({node.name, node.cls, node.slot, *prog_id, std::move(*traffic)});
	}
	for (const StateRecord& state : generation->state) {
		if (statemaps::is_queue(state.atom))
			continue;
		auto found = find_state(*store, &*generation, state.atom);
		if (!found)
			return pass(found);
		const Fd* map = &**found;
		auto schema = statemaps::schema_of(map->get());
		auto entries = statemaps::count_entries(map->get());
		if (!schema)
			return pass(schema);
		if (!entries)
			return pass(entries);
		status.state.push_back(
		    {state.atom, loader::map_id(map->get()), *entries, schema->max_entries, schema->hash()});
	}
	return status;
}

} // namespace nfup::upgrade
