// SPDX-License-Identifier: BSD-2-Clause
#include "holder.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <linux/if_link.h>
#include <vector>

#include "bpf_object.h"

namespace nfup::loader {

namespace {

bpf_link_info info_of(int link_fd)
{
	bpf_link_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(link_fd, &info, &length) != 0)
		return {};
	return info;
}

// Replacing a program by itself changes nothing, and a link does not let it happen.
Result<bool> held_by_link(int ifindex, const std::string& ifname, const Holder& holder)
{
	auto program = open_program(holder.prog_id);
	if (!program)
		return pass(program);
	LIBBPF_OPTS(bpf_xdp_attach_opts, options, .old_prog_fd = program->get());
	const int error = bpf_xdp_attach(ifindex, program->get(), flags_of(holder.mode), &options);
	take_libbpf_log();
	if (error == 0)
		return false;
	if (error == -EBUSY)
		return true;
	return fail_errno(-error, "cannot tell how " + holder.name + " is attached to " + ifname);
}

Result<std::uint32_t> find_link(int ifindex, const std::string& ifname, const Holder& holder)
{
	std::vector<std::uint32_t> found;
	for (__u32 id = 0; bpf_link_get_next_id(id, &id) == 0;) {
		const Fd link(bpf_link_get_fd_by_id(id));
		const bpf_link_info info = link ? info_of(link.get()) : bpf_link_info{};
		if (info.type == BPF_LINK_TYPE_XDP && info.xdp.ifindex == static_cast<__u32>(ifindex) &&
		    info.prog_id == holder.prog_id)
			found.push_back(id);
	}
	if (found.size() == 1)
		return found.front();
	// A device's number says nothing about its network namespace.
	return fail(ErrorKind::system,
		    "device " + ifname + " is held by a bpf_link, and " +
			(found.empty()
			     ? "it is not to be found"
			     : std::to_string(found.size()) + " links attach that program to devices with the number " +
				   std::to_string(ifindex)),
		    "bpftool link show; detach the program there");
}

} // namespace

Result<Fd> open_program(std::uint32_t prog_id)
{
	Fd fd(bpf_prog_get_fd_by_id(prog_id));
	if (!fd)
		return fail_errno(errno, "cannot open the program with id " + std::to_string(prog_id),
				  "run as root, or with CAP_SYS_ADMIN");
	return fd;
}

Result<Fd> open_link(std::uint32_t link_id)
{
	Fd fd(bpf_link_get_fd_by_id(link_id));
	if (!fd)
		return fail_errno(errno, "cannot open the bpf_link with id " + std::to_string(link_id),
				  "run as root, or with CAP_SYS_ADMIN");
	return fd;
}

Result<std::optional<Holder>> find_holder(int ifindex, const std::string& ifname)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	if (const int error = bpf_xdp_query(ifindex, 0, &query); error != 0)
		return fail_errno(-error, "cannot ask what runs on device " + ifname);
	if (query.attach_mode == XDP_ATTACHED_NONE)
		return std::optional<Holder>{};
	Holder holder;
	holder.prog_id = query.prog_id;
	holder.name = holder_name(ifindex, query.prog_id);
	switch (query.attach_mode) {
	case XDP_ATTACHED_DRV:
		holder.mode = Mode::native;
		break;
	case XDP_ATTACHED_SKB:
		holder.mode = Mode::generic;
		break;
	case XDP_ATTACHED_HW:
		holder.mode = Mode::offload;
		return std::optional(std::move(holder));
	default:
		return fail(ErrorKind::system, "device " + ifname + " runs several XDP programs, in several modes",
			    "bpftool net shows them; detach all but one");
	}
	keep_libbpf_log();
	auto by_link = held_by_link(ifindex, ifname, holder);
	if (!by_link)
		return pass(by_link);
	if (*by_link) {
		auto link = find_link(ifindex, ifname, holder);
		if (!link)
			return pass(link);
		holder.link_id = *link;
	}
	return std::optional(std::move(holder));
}

std::string describe(const Holder& holder)
{
	return holder.name + " (id " + std::to_string(holder.prog_id) + ", " + to_string(holder.mode) +
	       (holder.mode == Mode::offload ? ""
		: holder.link_id             ? ", by bpf_link " + std::to_string(holder.link_id)
					     : ", by netlink") +
	       ")";
}

Result<Exchanged> exchange_by_netlink(int ifindex, Mode mode, int from_fd, int to_fd)
{
	keep_libbpf_log();
	LIBBPF_OPTS(bpf_xdp_attach_opts, options, .old_prog_fd = from_fd);
	const int error = bpf_xdp_attach(ifindex, to_fd, flags_of(mode), &options);
	const std::string log = take_libbpf_log();
	switch (-error) {
	case 0:
		return Exchanged::done;
	case EEXIST: // not `from`
	case EBUSY:  // a link by now
	case ENODEV:
		return Exchanged::other;
	}
	return fail_errno(-error, "the device with index " + std::to_string(ifindex) +
				      " does not take another XDP program" + (log.empty() ? "" : "\n" + log));
}

Result<Exchanged> exchange_in_link(int link_fd, int from_fd, int to_fd)
{
	LIBBPF_OPTS(bpf_link_update_opts, options, .flags = BPF_F_REPLACE, .old_prog_fd = static_cast<__u32>(from_fd));
	if (bpf_link_update(link_fd, to_fd, &options) == 0)
		return Exchanged::done;
	switch (errno) {
	case EPERM: // not `from`
	case ENOLINK:
		return Exchanged::other;
	}
	return fail_errno(errno,
			  "the bpf_link " + std::to_string(info_of(link_fd).id) + " does not take another XDP program");
}

} // namespace nfup::loader
