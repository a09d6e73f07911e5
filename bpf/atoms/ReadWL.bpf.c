/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "whitelist.h"

NFUP_PARAM(__u64, TIMEOUT, "duration", "2h4m", "1s..10000h", "how long a flow may be idle (RFC 5382 REQ-5); give WriteWL the same");
NFUP_PARAM(__u64, CLOSING, "duration", "4m", "1s..10000h", "how long it may be idle once a FIN has passed; give WriteWL the same");
NFUP_OUTPUTS("listed, unlisted");
NFUP_REQUIRES("five-tuple");

/* Is the flow listed? Notes that it was seen, and forgets it when it is over.
 * Other protocols and later fragments, which have no ports, are never listed;
 * nor is a header that is cut short. */
static __always_inline int listed(struct xdp_md *ctx, struct pkt *p)
{
	enum wl_closing closing;
	struct wl_entry *e;
	__u64 now;
	__u32 jiffies;
	int flags;

	if (!is_tcp(p))
		return 0;
	e = state_lookup(WL, &p->flow);
	if (!e || e->last_seen <= AGE_DELETED)
		return 0;
	flags = tcp_flags(ctx, p);
	if (flags < 0)
		return 0;

	/* a new connection between the same ports */
	if (e->closing != WL_OPEN && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		goto over;
	closing = wl_next_closing(e->closing, flags);
	jiffies = bpf_jiffies64();
	if (closing == e->closing && jiffies - e->checked < WL_RECHECK)
		return 1;

	now = bpf_ktime_get_coarse_ns();
	if (age_is_due(e->last_seen, wl_limit(e->closing, TIMEOUT, CLOSING), now))
		goto over;
	e->closing = closing;
	e->last_seen = now;
	e->checked = jiffies;
	return 1;
over:
	age_end(&e->last_seen);
	return 0;
}

NFUP_ATOM(ReadWL, "Is the packet's TCP flow on the whitelist, and not idle for too long?")
{
	if (listed(ctx, p))
		return NEXT(0);
	return NEXT(1);
}
