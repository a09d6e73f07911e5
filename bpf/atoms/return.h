/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state RETURN: what servers send to clients gets the address of the virtual service
 * again. Written by the client's packets, refreshed by both sides'. Entries age (ageing.h); in
 * a full table a flow that has only begun gives way. */
#ifndef NFUP_RETURN_H
#define NFUP_RETURN_H

#include "../ageing.h"
#include "../lib/flow_phase.h"
#include "return_entry.h"

NFUP_AGED_STATE(RETURN, struct flow_key, struct return_entry, 262144);

/* Notes that the flow was seen. False: it is over. */
static __always_inline int return_seen(struct return_entry *e, int flags, __u64 limit)
{
	enum flow_phase phase = flow_next_phase(e->phase, flags);
	__u32 jiffies = bpf_jiffies64();
	__u64 now;

	if (phase == e->phase && jiffies - e->checked < FLOW_RECHECK)
		return 1;
	now = bpf_ktime_get_coarse_ns();
	if (age_is_due(e->last_seen, limit, now))
		return 0;
	e->phase = phase;
	e->last_seen = now;
	e->checked = jiffies;
	return 1;
}

#endif
