/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fsm.h"
#include "whitelist.h"

NFUP_PARAM(__u64, TIMEOUT, "duration", "2h4m", "1s..10000h",
	   "how long a flow may be idle (RFC 5382 REQ-5); give ReadWL the same");
NFUP_PARAM(__u64, CLOSING, "duration", "4m", "1s..10000h",
	   "how long it may be idle once a FIN has passed; give ReadWL the same");
NFUP_PARAM(__u32, FULL, "enum", "refuse", FULL_NAMES,
	   "when the list is full of live flows: refuse the new one, or drop one that has been idle for long");
NFUP_OUTPUTS("out");
NFUP_REQUIRES("five-tuple");

static __always_inline __u64 limit(const void *entry)
{
	return wl_limit(((const struct wl_entry *)entry)->closing, TIMEOUT, CLOSING);
}

static const struct aged_state aged = WL_AGED(limit);

AGE_INSERTS(aged)

/* A flow between ports that have been on the list before begins anew. */
static __always_inline int relist(struct wl_entry *e, const struct wl_entry *fresh)
{
	if (!age_take(&e->last_seen, fresh->last_seen))
		return 0;
	e->created = fresh->created;
	e->closing = fresh->closing;
	e->checked = fresh->checked;
	return 1;
}

static __always_inline int list(const struct flow_key *flow, const struct wl_entry *fresh)
{
	struct wl_entry *e = state_lookup(WL, flow);

	if (e)
		return relist(e, fresh);
	return !age_insert(flow, fresh, FULL, fresh->last_seen);
}

/* A packet whose flow could not be put on the list is dropped, and counted as
 * table-full: its sender tries again, and the operator sees why. */
NFUP_ATOM(WriteWL, "Put the packet's TCP flow on the whitelist; its handshake is over")
{
	struct wl_entry entry = {};
	int flags;

	/* never listed: see ReadWL */
	if (!is_tcp(p))
		return NEXT(0);
	flags = tcp_flags(ctx, p);
	if (flags < 0)
		return DROP(TRUNCATED);
	entry.created = entry.last_seen = bpf_ktime_get_coarse_ns();
	entry.checked = bpf_jiffies64();
	entry.closing = wl_next_closing(WL_OPEN, flags);
	if (!list(&p->flow, &entry))
		return DROP(TABLE_FULL);
	fsm_end(&p->flow);
	return NEXT(0);
}
