/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state SESSION: which peers an outside endpoint has talked to. Noted by
 * packets from inside, asked by packets from outside (RFC 4787 §5). They age
 * (ageing.h); in a full table one that nobody has answered gives way to a new one,
 * and is noted anew by the next packet from inside. */
#ifndef NFUP_SESSION_H
#define NFUP_SESSION_H

#include "../lib/tcp.h"
#include "pool.h"
#include "session_entry.h"

NFUP_AGED_STATE(SESSION, struct session_key, struct session_entry, 131072);

/* RFC 4787 §5: who may send to a mapping. The order is that of the parameter. */
enum filter {
	FILTER_NONE,    /* endpoint-independent: anybody */
	FILTER_ADDRESS, /* address-dependent: an address that was sent to, from any port */
	FILTER_PORT,    /* address and port-dependent */
};
#define FILTER_NAMES "none, address, port"

static __always_inline struct session_key session_key(struct endpoint outside, struct endpoint peer)
{
	return (struct session_key){outside, peer.addr, peer.proto == IPPROTO_ICMP ? 0 : peer.port, 0};
}

static __always_inline __u64 session_limit(const void *entry)
{
	const struct session_entry *s = entry;

	if (!s->idle)
		return 0;
	return (s->tcp & SESSION_OPEN ? s->idle_open : s->idle) * NSEC_PER_SEC;
}

static __always_inline int session_expired(const struct session_entry *s)
{
	return age_is_due(s->last_seen, session_limit(s), bpf_ktime_get_coarse_ns());
}

/* A lease counts its open connections; one that was taken over began at none. */
static __always_inline void count_open(const struct endpoint *outside, int by)
{
	struct pool_entry *lease = state_lookup(POOL, outside);

	if (lease && (by > 0 || lease->open))
		__sync_fetch_and_add(&lease->open, by);
}

static __always_inline void session_close(struct session_entry *s, const struct endpoint *outside)
{
	if (__sync_fetch_and_and(&s->tcp, ~SESSION_OPEN) & SESSION_OPEN)
		count_open(outside, -1);
}

/* Notes what a segment says of its connection. `from_inside` is a constant. */
static __always_inline void session_step(struct session_entry *s, const struct endpoint *outside, int flags,
					 int from_inside)
{
	const __u32 fins = SESSION_FIN_OUT | SESSION_FIN_IN, fin = from_inside ? SESSION_FIN_OUT : SESSION_FIN_IN;
	__u32 tcp = s->tcp;

	if (flags & TCP_RST) {
		if (!(tcp & SESSION_RESET))
			__sync_fetch_and_or(&s->tcp, SESSION_RESET);
		session_close(s, outside);
		return;
	}
	if (from_inside && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		/* a new connection between the same ports */
		if (tcp & SESSION_RESET || (tcp & fins) == fins) {
			session_close(s, outside);
			s->tcp = 0;
		}
		return;
	}
	if (flags & TCP_FIN && !(tcp & fin))
		tcp = __sync_fetch_and_or(&s->tcp, fin) | fin;
	if ((tcp & fins) == fins) {
		session_close(s, outside);
		return;
	}
	if (!from_inside) {
		if (!(tcp & SESSION_ANSWERED))
			__sync_fetch_and_or(&s->tcp, SESSION_ANSWERED);
		return;
	}
	if (tcp & SESSION_RESET)
		__sync_fetch_and_and(&s->tcp, ~SESSION_RESET);
	if (tcp & SESSION_ANSWERED && !(tcp & SESSION_OPEN) &&
	    !(__sync_fetch_and_or(&s->tcp, SESSION_OPEN) & SESSION_OPEN))
		count_open(outside, 1);
}

/* The TCP flags of a packet that has them and is no error about one; or -1. */
static __always_inline int session_flags(struct xdp_md *ctx, const struct pkt *p)
{
	if (!is_tcp(p))
		return -1;
	return tcp_flags(ctx, p);
}

#endif
