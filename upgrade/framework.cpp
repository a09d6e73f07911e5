// SPDX-License-Identifier: BSD-2-Clause
#include "framework.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>

#include "loader/bpffs.h"

namespace nfup::upgrade {

namespace {

Result<Fd> create_and_pin(const std::filesystem::path& object, const std::string& map,
			  const std::filesystem::path& path)
{
	auto made = loader::create_maps(object, {map});
	if (!made)
		return pass(made);
	Fd fd = std::move(made->at(map));
	if (auto pinned = loader::pin(fd.get(), path); !pinned)
		return pass(pinned);
	return fd;
}

// Another nfup may have attached the NF, with room for another number of reasons.
Result<void> check_counters(int fd, const std::string& nf)
{
	bpf_map_info info{};
	__u32 size = sizeof info;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
		return fail_errno(errno, "cannot look at the counters of NF '" + nf + "'");
	if (info.value_size != sizeof(node_counters))
		return fail(ErrorKind::system,
			    "NF '" + nf + "' was attached by another version of nfup: its counters have " +
				std::to_string(info.value_size) + " bytes a node, not " +
				std::to_string(sizeof(node_counters)),
			    "go on with that version, or detach the NF with it and attach it with this one");
	return {};
}

} // namespace

Result<Framework> Framework::create(const Store& store, const Build& build)
{
	Framework framework;
	auto slots = create_and_pin(build.ingress, "slots", store.pins() / "slots");
	if (!slots)
		return pass(slots);
	auto counters = create_and_pin(build.ingress, "counters", store.pins() / "counters");
	if (!counters)
		return pass(counters);
	auto context = create_and_pin(build.context, "pkt", store.pins() / "pkt");
	if (!context)
		return pass(context);
	framework.slots_ = std::move(*slots);
	framework.counters_ = std::move(*counters);
	if (auto added = framework.ensure_optional(store, build); !added)
		return pass(added);
	return framework;
}

Result<Framework> Framework::open(const Store& store)
{
	auto slots = loader::open_pin(store.pins() / "slots");
	auto counters = loader::open_pin(store.pins() / "counters");
	if (!slots || !counters) {
		const Error& error = !slots ? slots.error() : counters.error();
		return fail(
		    ErrorKind::system, "NF '" + store.nf() + "' is not loaded: " + error.message,
		    "root is needed to see pins; after a reboot, or when --bpffs is another folder now, attach it "
		    "anew: nfup attach INTENT --name " +
			store.nf() + " …");
	}
	if (auto readable = check_counters(counters->get(), store.nf()); !readable)
		return pass(readable);
	Framework framework;
	framework.slots_ = std::move(*slots);
	framework.counters_ = std::move(*counters);
	for (auto [name, map] : {std::pair{"ports", &framework.ports_}, {"trace", &framework.trace_}}) {
		auto found = loader::find_pin(store.pins() / name);
		if (!found)
			return pass(found);
		if (*found)
			*map = std::move(**found);
	}
	return framework;
}

Result<Fd> Framework::context(const Store& store, const Build& build, const std::string& running_contract) const
{
	const auto own = store.pins() / ("pkt+" + build.contract.substr(0, 8));
	auto other = loader::find_pin(own);
	if (!other)
		return pass(other);
	if (*other)
		return std::move(**other);
	if (build.contract == running_contract)
		return loader::open_pin(store.pins() / "pkt");
	return create_and_pin(build.context, "pkt", own);
}

Result<void> Framework::ensure_optional(const Store& store, const Build& build)
{
	for (auto [name, map, object] :
	     {std::tuple{"ports", &ports_, &build.devices}, {"trace", &trace_, &build.trace}}) {
		if (*map || object->empty())
			continue;
		auto made = create_and_pin(*object, name, store.pins() / name);
		if (!made)
			return pass(made);
		*map = std::move(*made);
	}
	return {};
}

Result<void> Framework::write_slot(std::uint32_t slot, int program_fd) const
{
	if (bpf_map_update_elem(slots_.get(), &slot, &program_fd, BPF_ANY) != 0)
		return fail_errno(errno, "cannot write slot " + std::to_string(slot));
	return {};
}

Result<void> Framework::clear_slot(std::uint32_t slot) const
{
	if (bpf_map_delete_elem(slots_.get(), &slot) != 0 && errno != ENOENT)
		return fail_errno(errno, "cannot clear slot " + std::to_string(slot));
	return {};
}

Result<std::uint32_t> Framework::read_slot(std::uint32_t slot) const
{
	std::uint32_t id = 0;
	if (bpf_map_lookup_elem(slots_.get(), &slot, &id) != 0 && errno != ENOENT)
		return fail_errno(errno, "cannot read slot " + std::to_string(slot));
	return id;
}

Result<void> Framework::write_port(std::uint32_t port, int ifindex) const
{
	const auto value = static_cast<std::uint32_t>(ifindex);
	if (bpf_map_update_elem(ports_.get(), &port, &value, BPF_ANY) != 0)
		return fail_errno(errno, "cannot set the device of port " + std::to_string(port));
	return {};
}

Result<void> Framework::clear_port(std::uint32_t port) const
{
	if (ports_ && bpf_map_delete_elem(ports_.get(), &port) != 0 && errno != ENOENT)
		return fail_errno(errno, "cannot clear the device of port " + std::to_string(port));
	return {};
}

Result<void> Framework::clear_counter(std::uint32_t index) const
{
	const std::vector<node_counters> zero(static_cast<std::size_t>(libbpf_num_possible_cpus()));
	if (bpf_map_update_elem(counters_.get(), &index, zero.data(), BPF_ANY) != 0)
		return fail_errno(errno, "cannot clear counter " + std::to_string(index));
	return {};
}

Result<node_counters> Framework::read_counter(std::uint32_t index) const
{
	std::vector<node_counters> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
	if (bpf_map_lookup_elem(counters_.get(), &index, per_cpu.data()) != 0)
		return fail_errno(errno, "cannot read counter " + std::to_string(index));
	node_counters sum{};
	for (const node_counters& c : per_cpu) {
		sum.packets += c.packets;
		sum.bytes += c.bytes;
		for (int reason = 0; reason < NFUP_MAX_REASONS; reason++)
			sum.drops[reason] += c.drops[reason];
	}
	return sum;
}

} // namespace nfup::upgrade
