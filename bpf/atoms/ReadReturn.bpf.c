/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "return.h"

NFUP_FLOW_TIMES;
NFUP_OUTPUTS("hit, miss");
NFUP_REQUIRES("five-tuple");
NFUP_PROVIDES("new-flow@0");

/* An ICMP error is no sign of life. */
static __always_inline const struct return_entry *find_return(struct xdp_md *ctx, struct pkt *p)
{
	struct return_entry *e;

	if (p->flags & PKT_FRAGMENT)
		return 0;
	e = state_lookup(RETURN, &p->flow);
	if (!e || e->last_seen <= AGE_DELETED)
		return 0;
	if (p->flags & PKT_ICMP_ERROR)
		return e;
	return return_seen(e, flow_flags(ctx, p), flow_limit(e->phase, TCP, CLOSING, OTHER)) ? e : 0;
}

NFUP_ATOM(ReadReturn, "Does a server answer with the packet? Then its flow comes from the virtual service (IPRewrite)")
{
	const struct return_entry *e = find_return(ctx, p);

	if (!e)
		return NEXT(1);
	__builtin_memcpy(p->flow.saddr, e->addr, sizeof(p->flow.saddr));
	if (p->flags & PKT_HAS_PORTS)
		p->flow.sport = e->port;
	return NEXT(0);
}
