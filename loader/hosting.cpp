// SPDX-License-Identifier: BSD-2-Clause
#include "hosting.h"

#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <vector>

#include "bpf_object.h"
#include "guest_probe.h"
#include "program.h"

namespace nfup::loader {

namespace {

namespace fs = std::filesystem;

constexpr __u32 with_frags = 1U << 5; // BPF_F_XDP_HAS_FRAGS, newer than the headers of the oldest system

Result<Guest> guest_of(Fd program)
{
	bpf_prog_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0)
		return fail_errno(errno, "cannot ask the kernel about a program");
	return Guest{std::move(program), info.id, info.name, {}};
}

// Maps, links and programs are all files of bpffs.
std::string kind_of(const Fd& fd)
{
	std::array<char, PATH_MAX> target{};
	const ssize_t length =
	    readlink(("/proc/self/fd/" + std::to_string(fd.get())).c_str(), target.data(), target.size());
	return {target.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

Result<Guest> open_pinned(Fd fd, const std::string& what)
{
	const std::string kind = kind_of(fd);
	if (kind.find("bpf-prog") == std::string::npos)
		return fail(ErrorKind::intent,
			    "--then " + what + ": the pin is no program but " +
				(kind.find("link") != std::string::npos ? "a link" : "a map"),
			    "name a pinned XDP program, an object file, or `attached`");
	auto guest = guest_of(std::move(fd));
	if (!guest)
		return pass(guest);
	bpf_prog_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(guest->program.get(), &info, &length) == 0 && info.type != BPF_PROG_TYPE_XDP)
		return fail(ErrorKind::intent,
			    "--then " + what + ": the program " + guest->name + " is not an XDP one");
	return guest;
}

// The XDP program that `wanted` names; without a name the only one.
Result<bpf_program*> choose(bpf_object* object, const std::string& what, const std::string& wanted)
{
	std::vector<bpf_program*> fitting;
	std::string names;
	bpf_program* program;
	bpf_object__for_each_program(program, object)
	{
		bpf_program__set_autoload(program, false);
		// Section names of old loaders ("prog") say no type.
		if (bpf_program__type(program) != BPF_PROG_TYPE_XDP &&
		    bpf_program__type(program) != BPF_PROG_TYPE_UNSPEC)
			continue;
		const std::string name = bpf_program__name(program);
		names += (names.empty() ? "" : ", ") + name;
		if (wanted.empty() || wanted == name)
			fitting.push_back(program);
	}
	if (fitting.size() == 1)
		return fitting.front();
	return fail(ErrorKind::intent,
		    "--then " + what + ": " +
			(names.empty()     ? "no XDP program in it"
			 : fitting.empty() ? "no XDP program " + wanted + " in it"
					   : "several XDP programs in it"),
		    names.empty() ? "" : "one of " + names + ": FILE.o:PROGRAM");
}

Result<Guest> load_guest(const std::string& file, const std::string& wanted)
{
	auto object = open_object(file, "hosted");
	if (!object)
		return pass(object);
	auto program = choose(object->get(), file, wanted);
	if (!program)
		return pass(program);
	bpf_program__set_autoload(*program, true);
	bpf_program__set_type(*program, BPF_PROG_TYPE_XDP);
	bpf_program__set_expected_attach_type(*program, BPF_XDP);
	if (const int error = bpf_object__load(object->get()); error != 0)
		return fail(ErrorKind::refused, "the kernel does not load " + file + ":\n" + take_libbpf_log(),
			    "does it load without nfup (ip link set dev DEV xdp object " + file + ")?");
	auto guest = guest_of(Fd(fcntl(bpf_program__fd(*program), F_DUPFD_CLOEXEC, 3)));
	if (!guest)
		return guest;
	bpf_map* map;
	bpf_object__for_each_map(map, object->get()) if (bpf_map__type(map) == BPF_MAP_TYPE_PROG_ARRAY)
	    guest->arrays.emplace(bpf_map__name(map), Fd(fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3)));
	return guest;
}

// 0, or the errno.
Result<int> try_in(bpf_attach_type attach_type, __u32 flags, int program_fd)
{
	auto pair = make_xdp_pair(attach_type, flags);
	if (!pair)
		return pass(pair);
	const __u32 zero = 0;
	return bpf_map_update_elem(pair->array.get(), &zero, &program_fd, BPF_ANY) == 0 ? 0 : errno;
}

} // namespace

Result<Guest> open_guest(std::uint32_t prog_id)
{
	Fd fd(bpf_prog_get_fd_by_id(prog_id));
	if (!fd)
		return fail_errno(errno, "cannot open the program with id " + std::to_string(prog_id),
				  "run as root, or with CAP_SYS_ADMIN");
	return guest_of(std::move(fd));
}

Result<Guest> open_guest(const std::string& what)
{
	if (Fd pinned(bpf_obj_get(what.c_str())); pinned)
		return open_pinned(std::move(pinned), what);
	std::error_code error;
	if (fs::is_regular_file(what, error))
		return load_guest(what, "");
	const auto colon = what.rfind(':');
	if (colon != std::string::npos && fs::is_regular_file(what.substr(0, colon), error))
		return load_guest(what.substr(0, colon), what.substr(colon + 1));
	return fail(ErrorKind::intent, "--then " + what + ": there is no such pin and no such file",
		    "`attached` stands for the program found on the device");
}

Result<void> check_guest(const Guest& guest)
{
	const auto tried = try_in(BPF_XDP, 0, guest.program.get());
	if (!tried)
		return std::unexpected(tried.error());
	if (*tried == 0)
		return {};
	const std::string what = guest.name + " (id " + std::to_string(guest.prog_id) + ") cannot be hosted: ";
	if (*tried == EBUSY)
		return fail(ErrorKind::refused,
			    what + "programs are attached to it by freplace (it is libxdp's dispatcher), and this "
				   "kernel does not let such a one be tail-called",
			    "host one of its programs instead: unload them (xdp-loader unload DEV --all), then --then "
			    "PIN or --then FILE.o");
	const auto fits = [&](bpf_attach_type type, __u32 flags) {
		const auto there = try_in(type, flags, guest.program.get());
		return there && *there == 0;
	};
	const std::string load_it = "let nfup load it: --then FILE.o (with maps of its own)";
	const auto none = static_cast<bpf_attach_type>(0);
	if (fits(BPF_XDP, with_frags) || fits(none, with_frags))
		return fail(ErrorKind::refused,
			    what + "it was loaded as xdp.frags, nfup's programs are not, and all that call one another "
				   "must agree",
			    "load it from a section `xdp`, or " + load_it);
	if (fits(none, 0))
		return fail(ErrorKind::refused,
			    what + "it was loaded without the attach type BPF_XDP (by an old loader), nfup's programs "
				   "have it, and this kernel wants all that call one another to agree",
			    load_it);
	return fail_errno(*tried, what + "the kernel does not let nfup's programs call it (is it bound to a device?)",
			  load_it);
}

} // namespace nfup::loader
