/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nat.h"
#include "pool.h"

NFUP_OUTPUTS("out");
NFUP_REQUIRES("lease");
NFUP_PROVIDES("new-flow");

NFUP_ATOM(WriteNAT, "Map the packet's inside endpoint to the outside one that was claimed for it")
{
	struct endpoint inside, claimed = flow_source(p);
	struct nat_entry entry = {.outside = claimed, .checked = bpf_jiffies64()};

	if (!header_source(ctx, p, &inside))
		return DROP(TRUNCATED);
	if (state_insert(NAT, &inside, &entry, BPF_ANY)) {
		state_delete(POOL, &claimed);
		return DROP(TABLE_FULL);
	}
	return NEXT(0);
}
