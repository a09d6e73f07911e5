// SPDX-License-Identifier: BSD-2-Clause
#include "attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <linux/if_link.h>
#include <net/if.h>
#include <xdp/libxdp.h>

namespace nfup::loader {

namespace {

std::string device_list()
{
	std::string list;
	struct if_nameindex* devices = if_nameindex();
	for (const struct if_nameindex* d = devices; d && d->if_index != 0; d++)
		list += (list.empty() ? "" : ", ") + std::string(d->if_name);
	if_freenameindex(devices);
	return list;
}

std::string mode_of(const bpf_xdp_query_opts& query)
{
	switch (query.attach_mode) {
	case XDP_ATTACHED_DRV:
		return "native";
	case XDP_ATTACHED_SKB:
		return "generic";
	case XDP_ATTACHED_HW:
		return "offload";
	case XDP_ATTACHED_MULTI:
		return "several";
	}
	return "none";
}

std::string program_name(__u32 id)
{
	const Fd fd(bpf_prog_get_fd_by_id(id));
	bpf_prog_info info{};
	__u32 length = sizeof info;
	if (!fd || bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0 || info.name[0] == '\0')
		return "a program";
	return info.name;
}

} // namespace

unsigned flags_of(Mode mode)
{
	switch (mode) {
	case Mode::native:
		return XDP_FLAGS_DRV_MODE;
	case Mode::generic:
		return XDP_FLAGS_SKB_MODE;
	case Mode::offload:
		return XDP_FLAGS_HW_MODE;
	}
	return 0;
}

Result<Mode> parse_mode(const std::string& text)
{
	for (const Mode mode : {Mode::native, Mode::generic, Mode::offload})
		if (text == to_string(mode))
			return mode;
	return fail(ErrorKind::intent, "unknown mode '" + text + "'", "one of native, generic, offload");
}

const char* to_string(Mode mode)
{
	switch (mode) {
	case Mode::native:
		return "native";
	case Mode::generic:
		return "generic";
	case Mode::offload:
		return "offload";
	}
	return "?";
}

Result<int> find_device(const std::string& name)
{
	const unsigned index = if_nametoindex(name.c_str());
	if (index == 0)
		return fail(ErrorKind::system, "no device '" + name + "' here",
			    "there are: " + device_list() + "; --netns NAME looks in another network namespace");
	return static_cast<int>(index);
}

std::string holder_name(int ifindex, std::uint32_t prog_id)
{
	// Behind libxdp's dispatcher the programs that matter are its components.
	std::string names;
	if (xdp_multiprog* multi = xdp_multiprog__get_from_ifindex(ifindex); libxdp_get_error(multi) == 0 && multi) {
		for (xdp_program* p = nullptr; (p = xdp_multiprog__next_prog(p, multi)) != nullptr;)
			names += (names.empty() ? "" : ", ") + std::string(xdp_program__name(p));
		xdp_multiprog__close(multi);
	}
	return names.empty() ? program_name(prog_id) : names;
}

std::string device_holder(int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	if (bpf_xdp_query(ifindex, 0, &query) != 0 || query.attach_mode == XDP_ATTACHED_NONE)
		return {};
	return holder_name(ifindex, query.prog_id) + " (id " + std::to_string(query.prog_id) + ", " + mode_of(query) +
	       ")";
}

Result<Fd> attach(int program_fd, int ifindex, const std::string& ifname, Mode mode)
{
	if (const std::string holder = device_holder(ifindex); !holder.empty())
		return fail(ErrorKind::system, "device " + ifname + " is busy: it runs " + holder,
			    "host it behind the NF with --then attached, or detach it first (bpftool net; ip link set "
			    "dev " +
				ifname + " xdp off)");
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags_of(mode));
	Fd link(bpf_link_create(program_fd, ifindex, BPF_XDP, &options));
	if (link)
		return link;
	switch (errno) {
	case EOPNOTSUPP:
	case EINVAL:
		if (mode == Mode::native)
			return fail_errno(errno,
					  "the driver of " + ifname +
					      " has no native XDP, or not as it is set up now (queues, MTU)",
					  "--mode generic works on every device, slower; `nfup doctor " + ifname +
					      "` says what is in the way");
		if (mode == Mode::offload)
			return fail_errno(errno, "device " + ifname + " cannot take an offloaded program",
					  "use --mode native");
		break;
	case ERANGE: // veth says so of its peer; others say EINVAL
		return fail_errno(
		    errno,
		    "device " + ifname +
			" (of a veth pair: its peer) has an MTU too large for XDP: a frame must "
			"fit a page with its headroom, for nfup's programs are not built for several buffers",
		    "ip link set dev " + ifname +
			" mtu 1500, at both ends (3498 at most, less on some drivers), or --mode generic");
	case EBUSY:
	case EEXIST:
		return fail_errno(errno, "device " + ifname + " is busy", "bpftool net shows what holds it");
	case EPERM:
		return fail_errno(errno, "not allowed to attach to " + ifname,
				  "run as root, or with CAP_NET_ADMIN and CAP_BPF");
	}
	return fail_errno(errno, "cannot attach to device " + ifname);
}

Result<Attached> describe_link(int link_fd)
{
	bpf_link_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(link_fd, &info, &length) != 0)
		return fail_errno(errno, "cannot ask the kernel about a link");
	return describe_device(static_cast<int>(info.xdp.ifindex), info.prog_id);
}

Attached describe_device(int ifindex, std::uint32_t prog_id)
{
	Attached attached;
	attached.ifindex = ifindex;
	char name[IF_NAMESIZE] = "";
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	if (attached.ifindex == 0 || !if_indextoname(static_cast<unsigned>(ifindex), name) ||
	    bpf_xdp_query(attached.ifindex, 0, &query) != 0) {
		attached.mode = "gone";
		return attached;
	}
	attached.ifname = name;
	if (query.attach_mode == XDP_ATTACHED_NONE)
		attached.mode = "gone";
	else // which of several it is the kernel says elsewhere
		attached.mode = query.prog_id == prog_id || query.prog_id == 0 ? mode_of(query) : "replaced";
	return attached;
}

} // namespace nfup::loader
