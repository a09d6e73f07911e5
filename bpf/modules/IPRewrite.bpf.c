/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/rewrite.h"

NFUP_OUTPUTS("out");
NFUP_REQUIRES("ip-header, new-flow");

NFUP_MODULE(IPRewrite, "Set addresses and ports, or the ICMP identifier, to those of the packet's flow; checksums follow")
{
	int done = p->flags & PKT_ICMP_ERROR ? rewrite_icmp_error(ctx, p) : rewrite(ctx, p);

	if (!done)
		return DROP(TRUNCATED);
	return NEXT(0);
}
