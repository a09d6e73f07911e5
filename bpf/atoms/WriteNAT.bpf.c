/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nat.h"
#include "pool.h"

NFUP_OUTPUTS("out");
NFUP_REQUIRES("lease");
NFUP_PROVIDES("new-flow");

static __always_inline void give_back(const struct endpoint *outside)
{
	struct pool_entry *lease = state_lookup(POOL, outside);

	if (lease)
		age_end(&lease->last_seen);
}

/* The mapping that is there already, if its lease is good: two packets of one
 * inside endpoint may have come here side by side, and only one may win. */
static __always_inline int has_other(const struct endpoint *inside, struct endpoint *outside)
{
	struct nat_entry *entry = state_lookup(NAT, inside);
	struct pool_entry *lease;

	if (!entry)
		return 0;
	*outside = entry->outside;
	lease = state_lookup(POOL, outside);
	return lease && endpoint_word(&lease->inside) == endpoint_word(inside) && !lease_expired(lease);
}

NFUP_ATOM(WriteNAT, "Map the packet's inside endpoint to the outside one that was claimed for it")
{
	struct endpoint inside, claimed = flow_source(p), other;
	struct nat_entry entry = {.outside = claimed, .checked = bpf_jiffies64()};

	if (!header_source(ctx, p, &inside))
		return DROP(TRUNCATED);
	if (state_insert(NAT, &inside, &entry, BPF_NOEXIST)) {
		if (has_other(&inside, &other)) {
			if (endpoint_word(&other) != endpoint_word(&claimed))
				give_back(&claimed);
			set_flow_source(p, other.addr, other.port);
		} else if (state_insert(NAT, &inside, &entry, BPF_ANY)) {
			give_back(&claimed);
			return DROP(TABLE_FULL);
		}
	}
	return NEXT(0);
}
