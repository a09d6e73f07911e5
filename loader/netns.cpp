// SPDX-License-Identifier: BSD-2-Clause
#include "netns.h"

#include <cerrno>
#include <fcntl.h>
#include <sched.h>

namespace nfup::loader {

Result<NetnsVisit> NetnsVisit::enter(const std::string& name)
{
	if (name.empty())
		return NetnsVisit(Fd());
	Fd home(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	Fd there(open(("/var/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
	if (!there)
		return fail_errno(errno, "no network namespace '" + name + "'", "ip netns list shows those there are");
	if (!home || setns(there.get(), CLONE_NEWNET) != 0)
		return fail_errno(errno, "cannot enter the network namespace '" + name + "'",
				  "run as root, or with CAP_SYS_ADMIN");
	return NetnsVisit(std::move(home));
}

NetnsVisit::~NetnsVisit()
{
	if (home_)
		setns(home_.get(), CLONE_NEWNET);
}

} // namespace nfup::loader
