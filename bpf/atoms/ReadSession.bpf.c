/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "session.h"

NFUP_PARAM(__u32, FILTER, "enum", "address", FILTER_NAMES, "who may send to a mapping (RFC 4787 REQ-8)");
NFUP_OUTPUTS("allowed, unsolicited?");
NFUP_REQUIRES("five-tuple");

static __always_inline int is_live(const struct session_entry *s)
{
	return s && ((__u32)bpf_jiffies64() - s->checked < NAT_RECHECK || !session_expired(s));
}

static __always_inline int is_static(const struct endpoint *outside)
{
	struct pool_entry *lease = state_lookup(POOL, outside);

	return lease && !lease->idle;
}

/* The peer has sent something: the session is half-open no more, nor is that with
 * the peer's address. */
static __always_inline void note_answer(struct session_entry *s, struct session_key key)
{
	struct session_entry *address;

	__sync_fetch_and_or(&s->tcp, SESSION_ANSWERED);
	key.peer_port = 0;
	address = state_lookup(SESSION, &key);
	if (address && !(address->tcp & SESSION_ANSWERED))
		__sync_fetch_and_or(&address->tcp, SESSION_ANSWERED);
}

static __always_inline int allowed(struct xdp_md *ctx, struct pkt *p)
{
	struct session_key key = session_key(flow_destination(p), flow_source(p));
	struct session_entry *s = state_lookup(SESSION, &key);
	__u32 before;
	int flags;

	if (is_live(s)) {
		before = s->tcp;
		flags = session_flags(ctx, p);
		if (flags >= 0)
			session_step(s, &key.outside, flags, 0);
		if (!(before & SESSION_ANSWERED) && !(p->flags & PKT_ICMP_ERROR) && !(flags >= 0 && flags & TCP_RST))
			note_answer(s, key);
		return 1;
	}
	if (FILTER == FILTER_NONE)
		return 1;
	if (FILTER == FILTER_ADDRESS) {
		key.peer_port = 0;
		if (is_live(state_lookup(SESSION, &key)))
			return 1;
	}
	return is_static(&key.outside);
}

NFUP_ATOM(ReadSession, "May the packet's sender send to that outside endpoint?")
{
	if (nat_can_translate(p) && allowed(ctx, p))
		return NEXT(0);
	return NEXT_OR_DROP(1, NFUP_DROP_UNSOLICITED);
}
