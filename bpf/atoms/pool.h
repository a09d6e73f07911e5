/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state POOL: the outside endpoints of a NAT that are in use. An endpoint is
 * claimed without a lock, by inserting it where none was or by exchanging the
 * `last_seen` of a lease that has expired: of several CPUs one succeeds. Leases
 * age (ageing.h), and a lease takes its mapping along. There is room for all TCP and
 * UDP ports of one address. */
#ifndef NFUP_POOL_H
#define NFUP_POOL_H

#include "../ageing.h"
#include "../lib/nat_flow.h"
#include "pool_entry.h"

NFUP_AGED_STATE(POOL, struct endpoint, struct pool_entry, 131072);

static __always_inline __u64 lease_limit(const void *entry)
{
	const struct pool_entry *lease = entry;

	if (!lease->idle) /* static */
		return 0;
	return (lease->open ? lease->idle_open : lease->idle) * NSEC_PER_SEC;
}

static __always_inline int lease_expired(const struct pool_entry *lease)
{
	return age_is_due(lease->last_seen, lease_limit(lease), bpf_ktime_get_coarse_ns());
}

/* May `inside` have this outside endpoint? */
static __always_inline int lease_is_open_to(const struct pool_entry *lease, const struct endpoint *inside)
{
	return !lease || endpoint_word(&lease->inside) == endpoint_word(inside) || lease_expired(lease);
}

/* Begin an expired lease anew, at the time `seen` that it was found with. */
static __always_inline int lease_retake(struct pool_entry *lease, __u64 seen)
{
	return seen != AGE_DELETED &&
	       __sync_val_compare_and_swap(&lease->last_seen, seen, bpf_ktime_get_coarse_ns()) == seen;
}

#endif
