/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "assigned.h"

NFUP_FLOW_TIMES;
NFUP_OUTPUTS("out");
NFUP_REQUIRES("five-tuple, service, server");

static __always_inline __u64 limit(const void *entry)
{
	return flow_limit(((const struct assigned_entry *)entry)->phase, TCP, CLOSING, OTHER);
}

static __always_inline int has_only_begun(const void *entry)
{
	return ((const struct assigned_entry *)entry)->phase == FLOW_NEW;
}

static const struct aged_state aged = {
	AGED(AS),
	.choice = 8,
	.limit = limit,
	.may_go = has_only_begun,
};

AGE_INSERTS(aged)

static __always_inline void assign(const struct flow_key *flow, const struct assigned_entry *fresh)
{
	struct assigned_entry *e = state_lookup(AS, flow);

	if (!e) {
		age_insert(flow, fresh, FULL_OLDEST, fresh->last_seen);
	} else if (age_take(&e->last_seen, fresh->last_seen)) {
		e->service = fresh->service;
		e->server = fresh->server;
		e->phase = fresh->phase;
		e->checked = fresh->checked;
	}
}

/* A flow that finds no room goes by its hash alone: it stays with its server as long as the
 * servers stay. A connection that is met in its midst has not only begun. */
NFUP_ATOM(WriteAS, "Note the packet's server for the packets of its flow that follow")
{
	struct assigned_entry fresh = {.service = packet_service(p), .server = packet_server(p)};
	int flags;

	if (p->flags & (PKT_FRAGMENT | PKT_ICMP_ERROR))
		return NEXT(0);
	flags = flow_flags(ctx, p);
	if (flags >= 0)
		fresh.phase = flow_next_phase(FLOW_NEW, flags);
	fresh.last_seen = bpf_ktime_get_coarse_ns();
	fresh.checked = bpf_jiffies64();
	assign(&p->flow, &fresh);
	return NEXT(0);
}
