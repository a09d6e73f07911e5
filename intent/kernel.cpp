// SPDX-License-Identifier: BSD-2-Clause
#include "kernel.h"

#include <charconv>
#include <sys/utsname.h>

#include "resolve.h"

namespace nfup::intent {

std::optional<Kernel> read_kernel(const std::string& text)
{
	Kernel kernel;
	const char* const end = text.data() + text.size();
	const auto [dot, bad_major] = std::from_chars(text.data(), end, kernel.major);
	if (bad_major != std::errc() || dot == end || *dot != '.')
		return {};
	const auto [rest, bad_minor] = std::from_chars(dot + 1, end, kernel.minor);
	if (bad_minor != std::errc() || kernel.major < 0 || kernel.minor < 0)
		return {};
	if (rest != end && *rest != '.' && *rest != '-' && *rest != '+')
		return {};
	return kernel;
}

std::string to_string(Kernel kernel)
{
	return std::to_string(kernel.major) + "." + std::to_string(kernel.minor);
}

Kernel running_kernel()
{
	utsname name{};
	uname(&name);
	return read_kernel(name.release).value_or(Kernel());
}

void check_kernel(const Resolved& nf, Kernel kernel, Diagnostics& diagnostics)
{
	if (kernel < oldest_kernel)
		diagnostics.error({}, "nfup needs Linux " + to_string(oldest_kernel) + ", not " + to_string(kernel),
				  "boot a later kernel (Debian 12 has one)");
	for (const ResolvedNode& node : nf.nodes)
		if (kernel < node.info->kernel)
			diagnostics.error(node.where,
					  node.name + ": class " + node.cls + " needs Linux " +
					      to_string(node.info->kernel) + " or later, not " + to_string(kernel),
					  "do without the class, or boot a later kernel");
}

} // namespace nfup::intent
