/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "conn_tcp.h"

NFUP_PARAM(__u64, UDP, "duration", "30s", "1s..10000h", "how long a UDP flow may be idle that has not gone both ways for 2 s");
NFUP_PARAM(__u64, ICMP, "duration", "30s", "1s..10000h", "how long queries with one identifier may pause");
NFUP_PARAM(__u64, OTHER, "duration", "10m", "1s..10000h", "how long other protocols may be idle");
NFUP_PARAM(__u32, FULL, "enum", "oldest", FULL_NAMES,
	   "when the table is full: refuse the new connection, or drop the oldest that is not assured");
NFUP_PARAM(__u32, ZONE, "enum", "none", ZONE_NAMES,
	   "vlan: each VLAN has connections of its own, by the tags in front of the IP header; give ReadConn the same");
NFUP_OUTPUTS("out");
NFUP_REQUIRES("five-tuple");

/* Neither half-open nor over: it stays. */
static __always_inline int conn_may_go(const void *entry)
{
	const struct conn_entry *e = entry;

	return !(e->flags & CONN_ASSURED) || e->state == CONN_TIME_WAIT || e->state == CONN_CLOSE;
}

static const struct aged_state aged = {
	AGED(CONN),
	.choice = 1,
	.limit = conn_limit,
	.may_go = conn_may_go,
};

AGE_INSERTS(aged)

static __always_inline __u32 first_idle(const struct pkt *p)
{
	if (p->flow.proto == IPPROTO_UDP)
		return UDP / NSEC_PER_SEC;
	return (is_icmp(&p->flow) ? ICMP : OTHER) / NSEC_PER_SEC;
}

#define NOTHING_TO_NOTE (-2)

/* PASSED, NOTHING_TO_NOTE, or why there can be no connection. */
static __always_inline int begin(struct xdp_md *ctx, const struct pkt *p, struct conn_entry *fresh)
{
	struct segment s;
	int finding;

	fresh->idle = first_idle(p);
	if (p->flow.proto != IPPROTO_TCP)
		return PASSED;
	finding = read_segment(ctx, p, &s);
	if (finding != PASSED)
		return finding;
	/* a RST that has just ended what was not answered yet */
	if (s.kind != SEGMENT_SYN)
		return NOTHING_TO_NOTE;
	fresh->state = CONN_SYN_SENT;
	fresh->idle = conn_tcp_idle[CONN_SYN_SENT];
	begin_side(&fresh->side[0], &s);
	fresh->last.kind = SEGMENT_SYN;
	return PASSED;
}

/* A connection that is over gives its entry to the next one of the same two ends. */
static __always_inline int begin_anew(struct conn_entry *e, const struct conn_entry *fresh)
{
	if (!age_take(&e->last_seen, fresh->last_seen))
		return 0;
	entry_lock(&e->busy);
	e->began = fresh->began;
	e->idle = fresh->idle;
	e->checked = fresh->checked;
	e->flags = 0;
	e->state = fresh->state;
	e->opener = fresh->opener;
	e->side[0] = fresh->side[0];
	e->side[1] = fresh->side[1];
	e->last = fresh->last;
	entry_unlock(&e->busy);
	return 1;
}

/* PASSED, or why not. One that another packet has just noted is noted. */
static __always_inline int note(struct xdp_md *ctx, const struct pkt *p)
{
	struct conn_entry fresh = {}, *e;
	struct conn_place place;
	int finding;

	if (!conn_place(ctx, p, ZONE, &place))
		return NFUP_DROP_STATE_INVALID;
	e = state_lookup(CONN, &place.key);
	if (e && conn_is_live(e))
		return PASSED;
	finding = begin(ctx, p, &fresh);
	if (finding != PASSED)
		return finding == NOTHING_TO_NOTE ? PASSED : finding;
	fresh.opener = place.end;
	fresh.began = fresh.last_seen = bpf_ktime_get_coarse_ns();
	fresh.checked = bpf_jiffies64();
	if (e)
		return begin_anew(e, &fresh) ? PASSED : NFUP_DROP_TABLE_FULL;
	finding = age_insert(&place.key, &fresh, FULL, fresh.last_seen);
	return finding && finding != -EEXIST ? NFUP_DROP_TABLE_FULL : PASSED;
}

/* What could not be noted is dropped: its answer would be. An error begins nothing. */
NFUP_ATOM(WriteConn, "Note the packet as the first of a connection, unless it is known")
{
	int finding = p->flags & PKT_ICMP_ERROR ? PASSED : note(ctx, p);

	if (finding == PASSED)
		return NEXT(0);
	nfup_count_drop(finding);
	return XDP_DROP;
}
