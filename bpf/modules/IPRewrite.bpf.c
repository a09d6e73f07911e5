/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/rewrite.h"

NFUP_OUTPUTS("out");
NFUP_REQUIRES("ip-header, new-flow");

NFUP_MODULE(IPRewrite, "Set addresses and ports, or the ICMP identifier, to those of the packet's flow; checksums follow")
{
	int error = p->flags & PKT_ICMP_ERROR, done;

	if (p->ethertype == bpf_htons(ETH_P_IPV6))
		done = error ? rewrite_icmp6_error(ctx, p) : rewrite6(ctx, p);
	else
		done = error ? rewrite_icmp_error(ctx, p) : rewrite(ctx, p);

	if (!done)
		return DROP(TRUNCATED);
	return NEXT(0);
}
