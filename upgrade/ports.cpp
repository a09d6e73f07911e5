// SPDX-License-Identifier: BSD-2-Clause
#include "ports.h"

#include <algorithm>
#include <bpf/bpf.h>

#include "loader/attach.h"
#include "loader/bpffs.h"
#include "loader/netns.h"

namespace nfup::upgrade {

namespace {

const Port* find(const std::vector<Port>& ports, const std::string& label)
{
	const auto found = std::ranges::find(ports, label, &Port::label);
	return found == ports.end() ? nullptr : &*found;
}

Result<Port> new_port(const std::string& label, const std::string& ifname, const std::vector<Port>& ports,
		      const std::vector<Port>& attached, const Then& then)
{
	auto index = loader::find_device(ifname);
	if (!index)
		return pass(index);
	for (const auto* others : {&ports, &attached})
		for (const Port& other : *others)
			if (!other.label.empty() && other.ifindex == *index)
				return fail(
				    ErrorKind::intent,
				    "device " + ifname + " is given to two ports, " + other.label + " and " + label,
				    "a device is one port of one NF; to rename a port, take the old one away first");
	if (asks_for(then, label)) // plan_hosting looks closer
		return Port{label, ifname, *index};
	if (const std::string holder = loader::device_holder(*index); !holder.empty())
		return fail(ErrorKind::system, "device " + ifname + " is busy: it runs " + holder,
			    "host it behind the NF (attach … --then attached), or detach it first (`bpftool net` "
			    "shows it; `nfup detach NF` if it is ours)");
	return Port{label, ifname, *index};
}

Result<void> compare(PortPlan& plan, const std::vector<Port>& attached)
{
	const std::size_t count = std::max(plan.ports.size(), attached.size());
	const auto at = [](const std::vector<Port>& ports, std::size_t i) {
		return i < ports.size() ? ports[i] : Port{};
	};
	for (std::size_t i = 0; i < count; i++) {
		const Port after = at(plan.ports, i), before = at(attached, i);
		if (after.label == before.label && after.ifindex == before.ifindex)
			continue;
		if (!after.label.empty())
			plan.add.emplace(static_cast<int>(i), after);
		if (!before.label.empty())
			plan.remove.emplace(static_cast<int>(i), before);
	}
	for (const auto& [index, port] : plan.add)
		if (const Port* same = find(attached, port.label))
			return fail(ErrorKind::refused,
				    "port " + port.label + " would move from device " + same->ifname + " (index " +
					std::to_string(same->ifindex) + ") to " + port.ifname + " (index " +
					std::to_string(port.ifindex) + ")",
				    "first upgrade to an intent without " + port.label);
	return {};
}

} // namespace

std::vector<std::string> known_ports(const NfRecord& record, const std::map<int, Generation>& kept,
				     const Devices& devices)
{
	std::vector<Port> known = record.ports;
	for (const auto& [number, generation] : kept)
		for (std::size_t i = 0; i < generation.ports.size(); i++) {
			known.resize(std::max(known.size(), i + 1));
			if (known[i].label.empty())
				known[i] = generation.ports[i];
		}
	std::vector<std::string> labels;
	for (const Port& port : known) {
		const auto given = std::ranges::find(devices, port.label, &Devices::value_type::first);
		const bool moved =
		    given != devices.end() && given->second != port.ifname && !find(record.ports, port.label);
		// A label that no intent can have keeps the index from others.
		labels.push_back(port.label.empty() || moved ? "(" + std::to_string(labels.size()) + ")" : port.label);
	}
	return labels;
}

Result<PortPlan> plan_ports(const Build& build, const std::vector<Port>& attached, const Devices& devices,
			    const Then& then)
{
	PortPlan plan;
	plan.ports.resize(build.ports.size());
	for (std::size_t i = 0; i < build.ports.size(); i++) {
		if (!build.used_ports.contains(static_cast<int>(i)))
			continue;
		const std::string& label = build.ports[i];
		const auto given = std::ranges::find(devices, label, &Devices::value_type::first);
		if (const Port* present = find(attached, label)) {
			if (given != devices.end() && given->second != present->ifname)
				return fail(ErrorKind::intent,
					    "port " + label + " is on device " + present->ifname + ", not " +
						given->second,
					    "give the new device a port of its own, and take " + label + " away");
			plan.ports[i] = *present;
			continue;
		}
		if (given == devices.end())
			return fail(ErrorKind::intent, "port " + label + " of the intent has no device",
				    "add --dev " + label + "=INTERFACE" +
					(attached.empty() ? "" : "; there are " + list(attached)));
		auto port = new_port(label, given->second, plan.ports, attached, then);
		if (!port)
			return pass(port);
		plan.ports[i] = std::move(*port);
	}
	for (const auto& [label, ifname] : devices)
		if (!find(plan.ports, label))
			return fail(ErrorKind::intent,
				    "--dev " + label + "=" + ifname + ": the intent has no port " + label,
				    "its ports are the arguments of FromDevice and ToDevice");
	while (!plan.ports.empty() && plan.ports.back().label.empty())
		plan.ports.pop_back();
	if (auto compared = compare(plan, attached); !compared)
		return pass(compared);
	return plan;
}

Result<PortPlan> plan_ports(const Generation& target, const NfRecord& record)
{
	const std::vector<Port>& attached = record.ports;
	PortPlan plan;
	plan.ports = target.ports.empty() ? attached : target.ports; // records of old had none
	if (auto compared = compare(plan, attached); !compared)
		return pass(compared);
	for (const auto& [index, port] : plan.add) {
		const std::string what = "generation " + std::to_string(target.number) + " has port " + port.label +
					 " on device " + port.ifname;
		auto there = loader::find_device(port.ifname);
		if (!there || *there != port.ifindex)
			return fail(ErrorKind::refused,
				    what + (there ? ", which is another device now" : ", which is gone"),
				    "upgrade to its intent with --dev " + port.label + "=INTERFACE");
		if (holds_own_guest(record.hosted, port))
			continue;
		if (const std::string holder = loader::device_holder(port.ifindex); !holder.empty())
			return fail(ErrorKind::system, what + ", which is busy: it runs " + holder,
				    "detach that program first (`bpftool net` shows it)");
	}
	return plan;
}

Result<void> write_ports(const Framework& framework, const PortPlan& plan, bool whole)
{
	if (framework.ports() < 0)
		return {};
	for (std::size_t i = 0; i < plan.ports.size(); i++)
		if (!plan.ports[i].label.empty() && (whole || plan.add.contains(static_cast<int>(i))))
			if (auto written = framework.write_port(static_cast<std::uint32_t>(i), plan.ports[i].ifindex);
			    !written)
				return written;
	return {};
}

Result<void> attach_ports(const Store& store, const Framework& framework, const NfRecord& record,
			  const std::map<int, Port>& add)
{
	if (add.empty())
		return {};
	auto ingress = loader::open_pin(store.ingress_pin());
	if (!ingress)
		return pass(ingress);
	for (const auto& [index, port] : add)
		if (auto taken = take_device(store, framework, record, index, port, *ingress); !taken)
			return taken;
	return {};
}

Result<void> drop_ports(const Store& store, const Framework& framework, const std::map<int, Port>& ports)
{
	if (ports.empty())
		return {};
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	auto visit = loader::NetnsVisit::enter(record->hosted.empty() ? "" : record->netns);
	for (const auto& [index, port] : ports) {
		if (auto left = leave_device(store, framework, *record, index, port); !left)
			return left;
		if (auto cleared = framework.clear_port(static_cast<std::uint32_t>(index)); !cleared)
			return cleared;
	}
	return {};
}

std::string list(const std::vector<Port>& ports)
{
	std::string text;
	for (const Port& port : ports)
		if (!port.label.empty())
			text += (text.empty() ? "" : ", ") + port.label + "=" + port.ifname;
	return text;
}

} // namespace nfup::upgrade
