/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "session.h"

NFUP_PARAM(__u32, FILTER, "enum", "address", FILTER_NAMES, "what ReadSession will ask for");
NFUP_OUTPUTS("out");
NFUP_REQUIRES("new-flow");

static __always_inline struct session_entry *new_session(const struct session_key *key, __u32 jiffies)
{
	struct endpoint outside = key->outside;
	struct pool_entry *lease = state_lookup(POOL, &outside);
	struct session_entry fresh = {.last_seen = bpf_ktime_get_coarse_ns(), .checked = jiffies};

	if (!lease)
		return 0;
	fresh.idle = lease->idle;
	fresh.idle_open = lease->idle_open;
	if (state_insert(SESSION, key, &fresh, BPF_ANY))
		return 0;
	return state_lookup(SESSION, key);
}

/* Keeps the session alive, making it if need be. */
static __always_inline struct session_entry *touch(const struct session_key *key, __u32 jiffies)
{
	struct session_entry *s = state_lookup(SESSION, key);

	if (s && jiffies - s->checked < NAT_RECHECK)
		return s;
	if (!s || session_expired(s))
		return new_session(key, jiffies);
	s->last_seen = bpf_ktime_get_coarse_ns();
	s->checked = jiffies;
	return s;
}

static __always_inline void note(struct xdp_md *ctx, struct pkt *p)
{
	struct session_key key = session_key(flow_source(p), flow_destination(p));
	__u32 jiffies = bpf_jiffies64();
	struct session_entry *s = state_lookup(SESSION, &key);
	int flags;

	if (!s || jiffies - s->checked >= NAT_RECHECK) {
		struct session_key address = key;

		s = touch(&key, jiffies);
		address.peer_port = 0;
		if (FILTER == FILTER_ADDRESS && key.peer_port)
			touch(&address, jiffies);
	}
	flags = session_flags(ctx, p);
	if (s && flags >= 0)
		session_step(s, &key.outside, flags, 1);
}

/* An ICMP error opens nothing (RFC 5508 REQ-6). */
NFUP_ATOM(WriteSession, "Note that the packet's outside endpoint sends to its peer, and where its TCP connection is")
{
	if (!(p->flags & PKT_ICMP_ERROR) && nat_can_translate(p))
		note(ctx, p);
	return NEXT(0);
}
