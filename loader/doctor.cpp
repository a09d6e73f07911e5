// SPDX-License-Identifier: BSD-2-Clause
#include "doctor.h"

#include <bpf/libbpf.h>
#include <cstring>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/magic.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "attach.h"
#include "dispatcher.h"
#include "fd.h"
#include "files.h"
#include "holder.h"
#include "hosting.h"
#include "subprocess.h"
#include "xdp_features.h"

namespace nfup::loader {

namespace {

constexpr int min_major = 6, min_minor = 1; // docs/decisions: the oldest kernel that is tested

Finding examine_kernel()
{
	utsname name{};
	uname(&name);
	int major = 0, minor = 0;
	sscanf(name.release, "%d.%d", &major, &minor);
	const bool new_enough = major > min_major || (major == min_major && minor >= min_minor);
	return {"kernel", new_enough ? Health::good : Health::bad, name.release,
		new_enough ? "" : "boot a kernel of 6.1 or later (Debian 12 has one)"};
}

Finding examine_capabilities()
{
	const auto status = read_file("/proc/self/status");
	unsigned long long effective = 0;
	if (const char* line = status ? strstr(status->c_str(), "CapEff:") : nullptr)
		sscanf(line, "CapEff: %llx", &effective);
	std::string missing;
	const auto need = [&](int bit, const char* name) {
		const bool admin = effective >> CAP_SYS_ADMIN & 1 && bit != CAP_NET_ADMIN;
		if (!(effective >> bit & 1) && !admin)
			missing += (missing.empty() ? "" : ", ") + std::string(name);
	};
	need(CAP_BPF, "CAP_BPF");
	need(CAP_NET_ADMIN, "CAP_NET_ADMIN");
	need(CAP_PERFMON, "CAP_PERFMON");
	if (missing.empty())
		return {"capabilities", Health::good, "enough to load and attach", ""};
	return {"capabilities", Health::bad, "missing " + missing, "run as root: sudo nfup …"};
}

Finding examine_bpffs(const std::filesystem::path& folder)
{
	std::error_code error;
	std::filesystem::path existing = std::filesystem::absolute(folder, error);
	while (!std::filesystem::exists(existing, error) && existing.has_relative_path())
		existing = existing.parent_path();
	struct statfs s {};
	if (statfs(existing.c_str(), &s) == 0 && static_cast<unsigned long>(s.f_type) == BPF_FS_MAGIC)
		return {"bpffs", Health::good, "mounted, holds " + folder.string(), ""};
	return {"bpffs", Health::note, "not mounted at " + folder.string() + "; attach mounts it",
		"mount -t bpf bpf /sys/fs/bpf"};
}

Finding examine_jit()
{
	const auto value = read_file("/proc/sys/net/core/bpf_jit_enable");
	if (!value)
		return {"JIT", Health::note, "the kernel does not say (not root?)", "sysctl net.core.bpf_jit_enable"};
	if (value->starts_with("0"))
		return {"JIT", Health::bad, "off: programs are interpreted, tail calls are slow",
			"sysctl -w net.core.bpf_jit_enable=1"};
	return {"JIT", Health::good, "on", ""};
}

Finding examine_dispatcher()
{
	const auto probed = probe_dispatcher();
	if (probed)
		return {"dispatcher", Health::good, "nfup's programs could be behind libxdp's dispatcher", ""};
	return {"dispatcher", Health::note, "no place for nfup behind libxdp's: " + probed.error().message,
		"host other programs behind the NF instead: nfup attach … --then"};
}

// The program on a device, and whether it could be hosted.
Finding examine_holder(const std::string& ifname, int ifindex)
{
	auto holder = find_holder(ifindex, ifname);
	if (!holder) // not root, most likely
		return {"in use", Health::note, ifname + " runs " + device_holder(ifindex), holder.error().message};
	if (!*holder)
		return {"in use", Health::good, "no XDP program is attached to " + ifname, ""};
	const std::string runs = ifname + " runs " + describe(**holder);
	if ((*holder)->name == "ingress")
		return {"in use", Health::note, runs, "an NF of ours: nfup status, nfup detach NF"};
	const std::string off = "ip link set dev " + ifname + " xdp off";
	auto guest = open_guest((*holder)->prog_id);
	if (!guest)
		return {"in use", Health::note, runs, off};
	if (const auto suits = check_guest(*guest); !suits)
		return {"in use", Health::note, runs + "; " + suits.error().message, suits.error().hint};
	return {"in use", Health::note, runs + ", which can be hosted", "nfup attach … --then attached; or " + off};
}

Finding examine_clang()
{
	const auto version = run({"clang", "--version"});
	if (!version || version->status != 0)
		return {"clang", Health::bad, "not found", "apt install clang"};
	return {"clang", Health::good, version->output.substr(0, version->output.find('\n')), ""};
}

std::string driver_of(const std::string& ifname)
{
	const Fd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	ethtool_drvinfo info{};
	info.cmd = ETHTOOL_GDRVINFO;
	ifreq request{};
	strncpy(request.ifr_name, ifname.c_str(), IFNAMSIZ - 1);
	request.ifr_data = reinterpret_cast<char*>(&info);
	if (!socket_fd || ioctl(socket_fd.get(), SIOCETHTOOL, &request) != 0)
		return "unknown";
	return info.driver;
}

int mtu_of(const std::string& ifname)
{
	const Fd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	ifreq request{};
	strncpy(request.ifr_name, ifname.c_str(), IFNAMSIZ - 1);
	return socket_fd && ioctl(socket_fd.get(), SIOCGIFMTU, &request) == 0 ? request.ifr_mtu : 0;
}

void examine_features(const std::string& ifname, const std::string& driver, std::vector<Finding>& findings, int ifindex)
{
	const auto features = xdp_features(ifindex);
	if (!features) {
		findings.push_back({"native XDP", Health::note,
				    "this kernel does not say (before 6.3): attach will tell",
				    "--mode generic works on every device, slower"});
		return;
	}
	if (*features & xdp_basic)
		findings.push_back({"native XDP", Health::good, "the driver " + driver + " has it", ""});
	else
		findings.push_back({"native XDP", Health::bad, "the driver " + driver + " has none",
				    "attach with --mode generic (slower)"});
	if (*features & xdp_ndo_xmit)
		findings.push_back({"redirect to it", Health::good, "frames can be redirected to " + ifname, ""});
	else if (driver == "veth")
		findings.push_back(
		    {"redirect to it", Health::bad,
		     "every frame redirected to " + ifname + " would be dropped: its peer does not poll (NAPI)",
		     "ethtool -K PEER gro on, in the peer's network namespace"});
	else
		findings.push_back({"redirect to it", Health::note,
				    "frames cannot be redirected to " + ifname +
					" now; many drivers allow it once an XDP "
					"program is attached",
				    "check transmit queues: ethtool -l " + ifname});
}

} // namespace

const char* to_string(Health health)
{
	switch (health) {
	case Health::good:
		return "good";
	case Health::note:
		return "note";
	case Health::bad:
		return "bad";
	}
	return "?";
}

std::vector<Finding> examine_machine(const std::filesystem::path& bpffs)
{
	return {examine_kernel(), examine_capabilities(), examine_bpffs(bpffs),
		examine_jit(),    examine_dispatcher(),   examine_clang()};
}

Result<std::vector<Finding>> examine_device(const std::string& ifname)
{
	auto ifindex = find_device(ifname);
	if (!ifindex)
		return pass(ifindex);
	std::vector<Finding> findings;
	const std::string driver = driver_of(ifname);
	findings.push_back(examine_holder(ifname, *ifindex));
	examine_features(ifname, driver, findings, *ifindex);

	// A frame must fit a page with its headroom and tailroom: 3498 bytes with 4 KiB pages.
	constexpr int max_mtu = 3498;
	const int mtu = mtu_of(ifname);
	findings.push_back({"MTU", mtu > max_mtu ? Health::bad : Health::good, std::to_string(mtu),
			    mtu > max_mtu ? "ip link set dev " + ifname + " mtu " + std::to_string(max_mtu) : ""});
	if (driver == "veth")
		findings.push_back(
		    {"checksums", Health::note,
		     "veth leaves checksums partial, and those do not survive a redirect: ping works, TCP hangs",
		     "at both end hosts: ethtool -K DEV tx off"});
	return findings;
}

} // namespace nfup::loader
