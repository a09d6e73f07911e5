/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "session.h"

NFUP_PARAM(__u32, FILTER, "enum", "address", FILTER_NAMES, "what ReadSession will ask for");
NFUP_OUTPUTS("out, full?");
NFUP_REQUIRES("new-flow");

/* A connection that was open counts for its lease no more. */
static __always_inline void session_remove(const void *key, const void *session)
{
	struct endpoint outside = ((const struct session_key *)key)->outside;

	if (((const struct session_entry *)session)->tcp & SESSION_OPEN)
		count_open(&outside, -1);
	state_delete(SESSION, key);
}

/* Half-open ones only. */
static __always_inline int session_may_go(const void *session)
{
	return !(((const struct session_entry *)session)->tcp & SESSION_ANSWERED);
}

static const struct aged_state aged = {
	AGED_BY(SESSION, session_remove),
	.choice = 1,
	.limit = session_limit,
	.may_go = session_may_go,
};

AGE_INSERTS(aged)

static __always_inline struct session_entry *new_session(const struct session_key *key, struct session_entry *s,
							 __u32 jiffies)
{
	struct endpoint outside = key->outside;
	struct pool_entry *lease = state_lookup(POOL, &outside);
	struct session_entry fresh = {.last_seen = bpf_ktime_get_coarse_ns(), .checked = jiffies};

	if (!lease || !lease->idle)
		return 0;
	fresh.idle = lease->idle;
	fresh.idle_open = lease->idle_open;
	if (!s)
		return age_insert(key, &fresh, FULL_OLDEST, fresh.last_seen) ? 0 : state_lookup(SESSION, key);
	if (!age_take(&s->last_seen, fresh.last_seen))
		return 0;
	session_close(s, &outside);
	s->tcp = 0;
	s->idle = fresh.idle;
	s->idle_open = fresh.idle_open;
	s->checked = jiffies;
	return s;
}

/* Keeps the session alive, making it if need be; or none. */
static __noinline struct session_entry *touch(const struct session_key *key, __u32 jiffies)
{
	struct session_entry *s = state_lookup(SESSION, key);

	if (s && jiffies - s->checked < NAT_RECHECK)
		return s;
	if (!s || session_expired(s))
		return new_session(key, s, jiffies);
	s->last_seen = bpf_ktime_get_coarse_ns();
	s->checked = jiffies;
	return s;
}

/* A static forward lets everybody in and needs no sessions, which would not end. */
static __always_inline int wants_session(const struct endpoint *outside)
{
	struct pool_entry *lease = state_lookup(POOL, outside);

	return lease && lease->idle;
}

/* False: there is no room for the session. */
static __always_inline int note(struct xdp_md *ctx, struct pkt *p)
{
	struct session_key key = session_key(flow_source(p), flow_destination(p));
	__u32 jiffies = bpf_jiffies64();
	struct session_entry *s = state_lookup(SESSION, &key);
	int flags;

	if (!s || jiffies - s->checked >= NAT_RECHECK) {
		struct session_key address = key;

		address.peer_port = 0;
		if (FILTER == FILTER_ADDRESS && key.peer_port)
			touch(&address, jiffies);
		s = touch(&key, jiffies);
	}
	if (!s)
		return !wants_session(&key.outside);
	flags = session_flags(ctx, p);
	if (flags >= 0)
		session_step(s, &key.outside, flags, 1);
	return 1;
}

/* An ICMP error opens nothing (RFC 5508 REQ-6). A packet whose session could not be
 * noted may not go on: the answer would be refused. */
NFUP_ATOM(WriteSession, "Note that the packet's outside endpoint sends to its peer, and where its TCP connection is")
{
	if (!(p->flags & PKT_ICMP_ERROR) && nat_can_translate(p) && !note(ctx, p))
		return NEXT_OR_DROP(1, NFUP_DROP_TABLE_FULL);
	return NEXT(0);
}
