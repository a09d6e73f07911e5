/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state CONN: connections, tracked as Linux' conntrack does, one entry for both
 * directions. ReadConn steps them, WriteConn begins them. They age (ageing.h); in a
 * full table one that is not assured gives way to a new one. */
#ifndef NFUP_CONN_H
#define NFUP_CONN_H

#include <linux/in6.h>

#include "../ageing.h"
#include "../lib/entry_lock.h"
#include "../lib/icmp.h"
#include "../lib/tcp.h"
#include "../lib/zone.h"
#include "conn_entry.h"

#define NSEC_PER_SEC 1000000000ull

/* Times are written, and clocks read, at most this often, in jiffies: 0.06 to 0.64 s. */
#define CONN_RECHECK 64

NFUP_AGED_STATE(CONN, struct conn_key, struct conn_entry, 131072);

/* Seconds. */
#define CONN_IDLE_CLOSING 10 /* after a RST */

#define ICMP_ECHO_REQUEST 8
#define ICMP6_ECHO_REPLY 129

/* ---- keys ---- */

/* The key of a packet's connection, the same for both directions, and at which end of it
 * the packet's sender is. */
struct conn_place {
	struct conn_key key;
	__u32 end; /* 0: saddr, 1: daddr */
};

static __always_inline int conn_swaps(const struct flow_key *f)
{
	const __u64 *s = (const __u64 *)f->saddr, *d = (const __u64 *)f->daddr;

	if (s[1] != d[1])
		return s[1] > d[1];
	if (s[0] != d[0])
		return s[0] > d[0];
	return f->sport > f->dport;
}

static __always_inline void conn_place_at(struct conn_place *place, const struct flow_key *f, int end)
{
	const __u64 *from = (const __u64 *)(end ? f->daddr : f->saddr);
	const __u64 *to = (const __u64 *)(end ? f->saddr : f->daddr);
	__u64 *s = (__u64 *)place->key.saddr, *d = (__u64 *)place->key.daddr;

	s[0] = from[0];
	s[1] = from[1];
	d[0] = to[0];
	d[1] = to[1];
	place->key.sport = end ? f->dport : f->sport;
	place->key.dport = end ? f->sport : f->dport;
	place->key.proto = f->proto;
	place->key.family = f->family;
	place->end = end;
}

/* A query of ICMP: who asked comes first; the identifier is one port, type and code of
 * the request the other. So queries of several kinds with one identifier are apart, and
 * those that both hosts send. `quoted`: the flow is that of an error about the query. */
static __always_inline void conn_place_query(struct conn_place *place, const struct flow_key *f, __u8 type, __u8 code,
					     int quoted)
{
	int reply = f->proto == IPPROTO_ICMPV6 ? type == ICMP6_ECHO_REPLY : icmp_is_reply(type);

	conn_place_at(place, f, reply != quoted);
	if (reply)
		type = type ? type - 1 : ICMP_ECHO_REQUEST;
	place->key.dport = bpf_htons(type << 8 | code);
}

static __always_inline int is_icmp(const struct flow_key *f)
{
	return f->proto == IPPROTO_ICMP || f->proto == IPPROTO_ICMPV6;
}

/* False: the packet belongs to no connection, and can begin none. */
static __always_inline int conn_place(struct xdp_md *ctx, const struct pkt *p, enum zone_by by, struct conn_place *place)
{
	__u8 *icmp;

	if (p->flags & PKT_LATER_FRAGMENT)
		return 0;
	place->key.zone = zone_of(ctx, p, by);
	if (!is_icmp(&p->flow)) {
		conn_place_at(place, &p->flow, conn_swaps(&p->flow));
		return 1;
	}
	if (!(p->flags & PKT_HAS_ID))
		return 0;
	icmp = at(ctx, p->flags & PKT_ICMP_ERROR ? p->payload : p->l4, 2);
	if (!icmp)
		return 0;
	conn_place_query(place, &p->flow, icmp[0], icmp[1], !!(p->flags & PKT_ICMP_ERROR));
	return 1;
}

/* ---- entries ---- */

static __always_inline __u64 conn_limit(const void *entry)
{
	return ((const struct conn_entry *)entry)->idle * NSEC_PER_SEC;
}

static __always_inline int conn_is_live(const struct conn_entry *e)
{
	if (e->last_seen <= AGE_DELETED)
		return 0;
	return (__u32)bpf_jiffies64() - e->checked < CONN_RECHECK ||
	       !age_is_due(e->last_seen, conn_limit(e), bpf_ktime_get_coarse_ns());
}

static __always_inline void conn_refresh(struct conn_entry *e, __u32 idle)
{
	__u32 jiffies = bpf_jiffies64();

	if (e->idle != idle)
		e->idle = idle;
	if (jiffies - e->checked < CONN_RECHECK)
		return;
	e->last_seen = bpf_ktime_get_coarse_ns();
	e->checked = jiffies;
}

static __always_inline void conn_flag(struct conn_entry *e, __u32 flag)
{
	if (!(e->flags & flag))
		__sync_fetch_and_or(&e->flags, flag);
}

#endif
