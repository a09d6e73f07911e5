// SPDX-License-Identifier: BSD-2-Clause
#include "hosting.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <optional>

#include "loader/bpffs.h"
#include "loader/holder.h"
#include "loader/netns.h"
#include "swap.h"

namespace nfup::upgrade {

namespace {

constexpr const char* attached = "attached";

std::uint32_t slot_of(int index)
{
	return NFUP_HOST_SLOTS + static_cast<std::uint32_t>(index);
}

const Hosted* find_hosted(const std::map<std::string, Hosted>& hosted, const Port& port)
{
	const auto found = hosted.find(port.label);
	return found == hosted.end() || found->second.ifindex != port.ifindex ? nullptr : &found->second;
}

// The request for a port: its own comes before the one for all.
const Then::value_type* request_for(const Then& then, const std::string& label)
{
	for (const std::string& wanted : {label, std::string()}) {
		const auto found = std::ranges::find(then, wanted, &Then::value_type::first);
		if (found != then.end())
			return &*found;
	}
	return nullptr;
}

std::string way_of(const loader::Holder& holder)
{
	return holder.link_id ? "link" : "netlink";
}

Result<std::optional<Host>> plan_port(const Port& port, const Then::value_type& request, loader::Mode mode)
{
	auto holder = loader::find_holder(port.ifindex, port.ifname);
	if (!holder)
		return pass(holder);
	const std::string& origin = request.second;
	if (origin == attached && !*holder) {
		if (request.first.empty())
			return std::optional<Host>{};
		return fail(ErrorKind::system,
			    "port " + port.label + " is to host the program attached to " + port.ifname +
				", and there is none",
			    "attach that program first, or name its pin or object: --then " + port.label + "=PIN");
	}
	auto guest = origin == attached ? loader::open_guest((*holder)->prog_id) : loader::open_guest(origin);
	if (!guest)
		return pass(guest);
	if (*holder && (*holder)->prog_id != guest->prog_id)
		return fail(ErrorKind::system, "device " + port.ifname + " is busy: it runs " + describe(**holder),
			    "--then attached hosts that one; to host another, detach it first (ip link set dev " +
				port.ifname + " xdp off)");
	if (*holder && (*holder)->mode == loader::Mode::offload)
		return fail(ErrorKind::system,
			    "device " + port.ifname + " runs " + describe(**holder) + ", which the CPU cannot call",
			    "offloaded to the NIC it sees packets before nfup: detach it, or attach nfup elsewhere");
	if (auto suits = loader::check_guest(*guest); !suits)
		return pass(suits);
	Hosted record{origin, guest->name, guest->prog_id, port.ifindex, "", loader::to_string(mode)};
	if (*holder) {
		record.way = way_of(**holder);
		record.mode = loader::to_string((*holder)->mode); // the device has one mode at a time
	}
	return std::optional(Host{std::move(record), std::move(*guest)});
}

Result<void> exchange(const Store& store, const Hosted& hosted, const Port& port, const Fd& ingress)
{
	auto holder = loader::find_holder(port.ifindex, port.ifname);
	if (!holder)
		return pass(holder);
	if (!*holder || (*holder)->prog_id != hosted.prog_id || way_of(**holder) != hosted.way)
		return fail(ErrorKind::system,
			    "device " + port.ifname + " should run " + hosted.name + " (id " +
				std::to_string(hosted.prog_id) + ", by " + hosted.way + "), and runs " +
				(*holder ? describe(**holder) : "nothing"),
			    "detach the NF, and attach it to the devices as they are now");
	auto guest = loader::open_pin(store.hosted_pin(port.label));
	if (!guest)
		return pass(guest);
	Result<loader::Exchanged> exchanged;
	if (hosted.way == "link") {
		auto link = loader::open_link((*holder)->link_id);
		if (!link)
			return pass(link);
		// Pinned first: from the exchange on it must outlive the one whose link it is.
		if (auto pinned = loader::pin(link->get(), store.link_pin(port.label)); !pinned)
			return pinned;
		exchanged = loader::exchange_in_link(link->get(), guest->get(), ingress.get());
	} else {
		exchanged = loader::exchange_by_netlink(port.ifindex, (*holder)->mode, guest->get(), ingress.get());
	}
	if (!exchanged)
		return pass(exchanged);
	if (*exchanged == loader::Exchanged::other)
		return fail(ErrorKind::system, "device " + port.ifname + " got another program meanwhile", "try again");
	return {};
}

Result<void> put_back(const Store& store, const Hosted& hosted, const std::string& label)
{
	auto ingress = loader::find_pin(store.ingress_pin());
	if (!ingress)
		return pass(ingress);
	auto guest = loader::find_pin(store.hosted_pin(label));
	if (!guest)
		return pass(guest);
	if (!*ingress || !*guest) // pins go after the devices
		return {};
	Result<loader::Exchanged> exchanged;
	if (hosted.way == "link") {
		auto link = loader::find_pin(store.link_pin(label));
		if (!link)
			return pass(link);
		if (*link)
			exchanged = loader::exchange_in_link((*link)->get(), (*ingress)->get(), (*guest)->get());
	} else {
		auto mode = loader::parse_mode(hosted.mode);
		if (!mode)
			return pass(mode);
		exchanged = loader::exchange_by_netlink(hosted.ifindex, *mode, (*ingress)->get(), (*guest)->get());
	}
	if (!exchanged)
		return fail(exchanged.error().kind,
			    "cannot put " + hosted.name + " back in the place of port " + label + ": " +
				exchanged.error().message,
			    "the device runs on as it is; nfup recover " + store.nf() + " tries again");
	return {};
}

} // namespace

bool asks_for(const Then& then, const std::string& label)
{
	return request_for(then, label) != nullptr;
}

std::map<std::string, Hosted> records_of(const Hosting& hosting)
{
	std::map<std::string, Hosted> records;
	for (const auto& [label, host] : hosting)
		records.emplace(label, host.record);
	return records;
}

Result<Hosting> plan_hosting(const std::vector<Port>& ports, const Then& then, loader::Mode mode, int depth)
{
	Hosting hosting;
	for (const auto& [label, origin] : then)
		if (!label.empty() && std::ranges::find(ports, label, &Port::label) == ports.end())
			return fail(ErrorKind::intent,
				    "--then " + label + "=" + origin + ": the NF has no port " + label,
				    "its ports are those of --dev");
	for (const Port& port : ports) {
		const auto* request = port.label.empty() ? nullptr : request_for(then, port.label);
		if (!request)
			continue;
		auto host = plan_port(port, *request, mode);
		if (!host)
			return pass(host);
		if (*host)
			hosting.emplace(port.label, std::move(**host));
	}
	if (!then.empty() && hosting.empty())
		return fail(ErrorKind::system, "--then attached: no device of the NF runs an XDP program",
			    "leave it out, or attach that program first");
	if (!hosting.empty())
		if (auto fits = check_hosting_depth(depth); !fits)
			return pass(fits);
	return hosting;
}

Result<void> check_hosting_depth(int depth)
{
	if (depth + 1 > NFUP_MAX_DEPTH)
		return fail(ErrorKind::refused,
			    "the longest path takes " + std::to_string(depth) +
				" tail calls, the hosted program one more, and the kernel allows " +
				std::to_string(NFUP_MAX_DEPTH),
			    "shorten that path");
	return {};
}

Result<void> pin_hosting(const Store& store, const Hosting& hosting)
{
	if (hosting.empty())
		return {};
	if (auto made = loader::make_pin_folder(store.pins() / "hosted"); !made)
		return made;
	for (const auto& [label, host] : hosting) {
		if (auto pinned = loader::pin(host.guest.program.get(), store.hosted_pin(label)); !pinned)
			return pinned;
		for (const auto& [name, array] : host.guest.arrays)
			if (auto pinned = loader::pin(array.get(), store.hosted_array_pin(label, name)); !pinned)
				return pinned;
	}
	return {};
}

Result<void> take_device(const Store& store, const Framework& framework, const NfRecord& record, int index,
			 const Port& port, const Fd& ingress)
{
	const Hosted* hosted = find_hosted(record.hosted, port);
	if (hosted) {
		auto guest = loader::open_pin(store.hosted_pin(port.label));
		if (!guest)
			return pass(guest);
		if (auto written = framework.write_slot(slot_of(index), guest->get()); !written)
			return written;
	}
	if (hosted && !hosted->way.empty())
		return exchange(store, *hosted, port, ingress);
	auto mode = loader::parse_mode(record.mode);
	if (!mode)
		return pass(mode);
	auto link = loader::attach(ingress.get(), port.ifindex, port.ifname, *mode);
	if (!link)
		return pass(link);
	return loader::pin(link->get(), store.link_pin(port.label));
}

Result<void> leave_device(const Store& store, const Framework& framework, const NfRecord& record, int index,
			  const Port& port)
{
	const Hosted* hosted = find_hosted(record.hosted, port);
	const bool found = hosted && !hosted->way.empty();
	if (found)
		if (auto back = put_back(store, *hosted, port.label); !back)
			return back;
	auto link = loader::find_pin(store.link_pin(port.label));
	if (!link)
		return pass(link);
	if (*link) {
		if (!found)
			bpf_link_detach((*link)->get()); // at once; removing the pin alone may take a while
		if (auto removed = loader::remove_pins(store.link_pin(port.label)); !removed)
			return removed;
	}
	if (!hosted)
		return {};
	if (auto drained = drain(); !drained)
		return drained;
	return framework.clear_slot(slot_of(index));
}

Result<void> leave_devices(const Store& store)
{
	std::error_code error;
	std::map<std::string, Hosted> found;
	auto record = store.read_nf();
	if (!record && std::filesystem::exists(store.pins() / "hosted", error))
		return pass(record);
	if (record) {
		// Where the namespace is gone so are its devices.
		const auto visit = loader::NetnsVisit::enter(record->hosted.empty() ? "" : record->netns);
		for (const auto& [label, hosted] : record->hosted) {
			if (hosted.way.empty())
				continue;
			found.emplace(label, hosted);
			if (!visit && hosted.way != "link")
				continue;
			if (auto back = put_back(store, hosted, label); !back)
				return back;
		}
	}
	for (const auto& entry : std::filesystem::directory_iterator(store.pins() / "links", error)) {
		if (found.contains(entry.path().filename()))
			continue; // it was there before us
		if (auto link = loader::open_pin(entry.path()))
			bpf_link_detach(link->get()); // at once; removing the pin alone may take a while
	}
	// Packets that ingress let in still need the slots.
	return found.empty() ? Result<void>{} : drain();
}

bool holds_own_guest(const std::map<std::string, Hosted>& hosted, const Port& port)
{
	const Hosted* own = find_hosted(hosted, port);
	if (!own || own->way.empty())
		return false;
	const auto holder = loader::find_holder(port.ifindex, port.ifname);
	return holder && *holder && (*holder)->prog_id == own->prog_id;
}

} // namespace nfup::upgrade
