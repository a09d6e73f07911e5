/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "assigned.h"

NFUP_FLOW_TIMES;
NFUP_OUTPUTS("assigned, unassigned");
NFUP_REQUIRES("five-tuple, service");
NFUP_PROVIDES("server@0");

/* Whose server is it? Notes that the flow was seen. Fragments have none: they go by their
 * addresses alone. An ICMP error goes where its flow does, and is no sign of life. */
static __always_inline int assigned(struct xdp_md *ctx, struct pkt *p)
{
	struct assigned_entry *e;
	enum flow_phase phase;
	__u32 jiffies;
	__u64 now;
	int flags;

	if (p->flags & PKT_FRAGMENT)
		return 0;
	e = state_lookup(AS, &p->flow);
	if (!e || e->last_seen <= AGE_DELETED || e->service != packet_service(p))
		return 0;
	set_server(p, e->server);
	if (p->flags & PKT_ICMP_ERROR)
		return 1;
	flags = flow_flags(ctx, p);
	if (flow_begins_anew(e->phase, flags))
		goto over;
	phase = flow_next_phase(e->phase, flags);
	jiffies = bpf_jiffies64();
	if (phase == e->phase && jiffies - e->checked < FLOW_RECHECK)
		return 1;
	now = bpf_ktime_get_coarse_ns();
	if (age_is_due(e->last_seen, flow_limit(e->phase, TCP, CLOSING, OTHER), now))
		goto over;
	e->phase = phase;
	e->last_seen = now;
	e->checked = jiffies;
	return 1;
over:
	age_end(&e->last_seen);
	return 0;
}

NFUP_ATOM(ReadAS, "Has the packet's flow a server that it was assigned to?")
{
	if (assigned(ctx, p))
		return NEXT(0);
	return NEXT(1);
}
