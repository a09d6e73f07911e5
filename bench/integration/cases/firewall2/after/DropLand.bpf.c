/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");
NFUP_REQUIRES("five-tuple");

NFUP_MODULE(DropLand, "Drop packets that claim to come from their own destination")
{
	const __u64 *source = (const __u64 *)p->flow.saddr, *destination = (const __u64 *)p->flow.daddr;

	if (source[0] == destination[0] && source[1] == destination[1])
		return DROP(BAD_SOURCE);
	return NEXT(0);
}
