/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* examples/nat.click by hand, for TCP and UDP, without hairpins: the same three tables. */
#include "hand.h"

#include "atoms/nat.h"
#include "atoms/session.h"
#include "lib/rewrite.h"

#define UDP_IDLE 300 /* seconds, as the classes' defaults are */
#define TCP_IDLE 7440
#define TRANSITORY_IDLE 240
#define LOW 1024
#define HIGH 65535
#define TRIES 128

const volatile __be32 pool_address, pool_mask;

static __always_inline int session_may_go(const void *session)
{
	return !(((const struct session_entry *)session)->tcp & SESSION_ANSWERED);
}

static __always_inline void session_remove(const void *key, const void *session)
{
	struct endpoint outside = ((const struct session_key *)key)->outside;

	if (((const struct session_entry *)session)->tcp & SESSION_OPEN)
		count_open(&outside, -1);
	bpf_map_delete_elem(&SESSION, key);
}

static const struct aged_state sessions = {
	AGED_BY(SESSION, session_remove),
	.choice = 1,
	.limit = session_limit,
	.may_go = session_may_go,
};

static long session_look(__u32 i, void *search)
{
	return age_step(&sessions, search) ? 1 : 0;
}

static __noinline int session_room(struct age_search *search, enum full_policy full)
{
	return age_make_room(&sessions, session_look, search, full);
}

static __always_inline void forget_mapping(const struct endpoint *inside, const struct endpoint *outside)
{
	struct nat_entry *entry = bpf_map_lookup_elem(&NAT, inside);

	if (entry && endpoint_word(&entry->outside) == endpoint_word(outside))
		bpf_map_delete_elem(&NAT, inside);
}

static __always_inline void lease_remove(const void *outside, const void *lease)
{
	struct endpoint inside = ((const struct pool_entry *)lease)->inside;

	forget_mapping(&inside, outside);
	bpf_map_delete_elem(&POOL, outside);
}

static const struct aged_state leases = {
	AGED_BY(POOL, lease_remove),
	.limit = lease_limit,
};

static long lease_look(__u32 i, void *search)
{
	return age_step(&leases, search) ? 1 : 0;
}

static __noinline int lease_room(struct age_search *search, enum full_policy full)
{
	return age_make_room(&leases, lease_look, search, full);
}

/* ---- a new flow from inside ---- */

static __always_inline __u32 mix(__u32 h)
{
	h ^= h >> 16;
	h *= 0x85ebca6b;
	h ^= h >> 13;
	h *= 0xc2b2ae35;
	return h ^ h >> 16;
}

static __always_inline int find_port(struct endpoint *outside, const struct endpoint *inside)
{
	__u32 wanted = bpf_ntohs(inside->port), half = (HIGH - LOW + 1) / 2, random;

	if (wanted >= LOW && lease_is_open_to(bpf_map_lookup_elem(&POOL, outside), inside))
		return 1;
	random = bpf_get_prandom_u32();
	for (__u32 i = 0; i < TRIES; i++) {
		outside->port = bpf_htons(LOW + 2 * ((random >> 8) % half) + ((wanted & 1) ^ (i >= TRIES / 2)));
		if (lease_is_open_to(bpf_map_lookup_elem(&POOL, outside), inside))
			return 1;
		random = random * 1664525 + 1013904223;
	}
	return 0;
}

/* Several CPUs may look for a port at once: who inserts its lease, or takes over one that
 * has expired, has it. */
static __noinline int map_source(const struct endpoint *inside, struct endpoint *outside, __u32 idle)
{
	struct pool_entry fresh = {
		.last_seen = bpf_ktime_get_coarse_ns(),
		.idle = idle,
		.idle_open = TCP_IDLE,
		.checked = bpf_jiffies64(),
	}, *lease;
	struct nat_entry entry = {.checked = fresh.checked};
	struct endpoint before;

	if (!inside || !outside)
		return NFUP_DROP_NO_CONTEXT;
	fresh.inside = *inside;
	*outside = *inside;
	outside->addr = (pool_address & pool_mask) | bpf_htonl(mix(inside->addr) & ~bpf_ntohl(pool_mask));
	if (!find_port(outside, inside))
		return NFUP_DROP_POOL_EXHAUSTED;
	lease = bpf_map_lookup_elem(&POOL, outside);
	if (!lease) {
		if (age_insert_by(&leases, lease_look, lease_room, outside, &fresh, FULL_REFUSE, fresh.last_seen))
			return NFUP_DROP_PORT_TAKEN;
	} else {
		before = lease->inside;
		if (!lease_retake(lease, lease->last_seen))
			return NFUP_DROP_PORT_TAKEN;
		lease->idle = fresh.idle;
		lease->idle_open = fresh.idle_open;
		lease->checked = fresh.checked;
		lease->open = 0;
		endpoint_store(&lease->inside, inside);
		forget_mapping(&before, outside);
	}
	entry.outside = *outside;
	return bpf_map_update_elem(&NAT, inside, &entry, BPF_ANY) ? NFUP_DROP_TABLE_FULL : PASSED;
}

static __always_inline int has_lease(struct nat_entry *entry, const struct endpoint *inside, __u32 jiffies)
{
	struct endpoint outside = entry->outside;
	struct pool_entry *lease = bpf_map_lookup_elem(&POOL, &outside);

	if (!lease || endpoint_word(&lease->inside) != endpoint_word(inside))
		return 0;
	if (lease_expired(lease)) {
		if (!lease_retake(lease, lease->last_seen))
			return 0;
		lease->open = 0;
	}
	lease->last_seen = bpf_ktime_get_coarse_ns();
	lease->checked = jiffies;
	entry->checked = jiffies;
	return 1;
}

/* ---- sessions ---- */

static __noinline struct session_entry *touch(const struct session_key *key, __u32 jiffies)
{
	struct session_entry *s = bpf_map_lookup_elem(&SESSION, key);
	struct session_entry fresh = {.last_seen = bpf_ktime_get_coarse_ns(), .checked = jiffies};
	struct endpoint outside = key->outside;
	struct pool_entry *lease;

	if (s && !session_expired(s)) {
		s->last_seen = fresh.last_seen;
		s->checked = jiffies;
		return s;
	}
	lease = bpf_map_lookup_elem(&POOL, &outside);
	if (!lease)
		return 0;
	fresh.idle = lease->idle;
	fresh.idle_open = lease->idle_open;
	if (!s)
		return age_insert_by(&sessions, session_look, session_room, key, &fresh, FULL_OLDEST, fresh.last_seen)
			? 0 : bpf_map_lookup_elem(&SESSION, key);
	if (!age_take(&s->last_seen, fresh.last_seen))
		return 0;
	session_close(s, &outside);
	s->tcp = 0;
	s->idle = fresh.idle;
	s->idle_open = fresh.idle_open;
	s->checked = jiffies;
	return s;
}

static __always_inline int note_session(struct xdp_md *ctx, struct pkt *p, __u32 jiffies)
{
	struct session_key key = session_key(flow_source(p), flow_destination(p)), address = key;
	struct session_entry *s = bpf_map_lookup_elem(&SESSION, &key);
	int flags;

	if (!s || jiffies - s->checked >= NAT_RECHECK) {
		address.peer_port = 0;
		touch(&address, jiffies);
		s = touch(&key, jiffies);
	}
	if (!s)
		return NFUP_DROP_TABLE_FULL;
	flags = session_flags(ctx, p);
	if (flags >= 0)
		session_step(s, &key.outside, flags, 1);
	return PASSED;
}

static __always_inline int is_live(const struct session_entry *s)
{
	return s && ((__u32)bpf_jiffies64() - s->checked < NAT_RECHECK || !session_expired(s));
}

static __always_inline int may_enter(struct xdp_md *ctx, struct pkt *p)
{
	struct session_key key = session_key(flow_destination(p), flow_source(p));
	struct session_entry *s = bpf_map_lookup_elem(&SESSION, &key), *address;
	int flags;

	if (!is_live(s)) {
		key.peer_port = 0;
		return is_live(bpf_map_lookup_elem(&SESSION, &key));
	}
	if (!(s->tcp & SESSION_ANSWERED)) {
		__sync_fetch_and_or(&s->tcp, SESSION_ANSWERED);
		key.peer_port = 0;
		address = bpf_map_lookup_elem(&SESSION, &key);
		if (address)
			__sync_fetch_and_or(&address->tcp, SESSION_ANSWERED);
	}
	flags = session_flags(ctx, p);
	if (flags >= 0)
		session_step(s, &key.outside, flags, 0);
	return 1;
}

/* ---- both ways ---- */

static __always_inline int outwards(struct xdp_md *ctx, struct pkt *p)
{
	struct endpoint inside = flow_source(p), outside;
	struct nat_entry *entry = bpf_map_lookup_elem(&NAT, &inside);
	__u32 jiffies = bpf_jiffies64();
	int finding;

	if (entry && (jiffies - entry->checked < NAT_RECHECK || has_lease(entry, &inside, jiffies))) {
		outside = entry->outside;
	} else {
		finding = map_source(&inside, &outside, p->ip_proto == IPPROTO_TCP ? TRANSITORY_IDLE : UDP_IDLE);
		if (finding != PASSED)
			return finding;
	}
	set_flow_source(p, outside.addr, outside.port);
	return note_session(ctx, p, jiffies);
}

static __always_inline int inwards(struct xdp_md *ctx, struct pkt *p)
{
	struct endpoint outside = flow_destination(p);
	struct pool_entry *lease;

	if (!may_enter(ctx, p))
		return NFUP_DROP_UNSOLICITED;
	lease = bpf_map_lookup_elem(&POOL, &outside);
	if (!lease || ((__u32)bpf_jiffies64() - lease->checked >= NAT_RECHECK && lease_expired(lease)))
		return NFUP_DROP_UNTRANSLATABLE;
	set_flow_destination(p, lease->inside.addr, lease->inside.port);
	return PASSED;
}

static __always_inline int nat(struct xdp_md *ctx, struct pkt *p, enum hand_port from)
{
	int finding = hand_parse(ctx, p);

	if (finding == PASSED && p->flow.family != 4)
		return PASSED;
	if (finding == PASSED)
		finding = from == INSIDE ? outwards(ctx, p) : inwards(ctx, p);
	if (finding != PASSED)
		return finding;
	return rewrite(ctx, p) ? PASSED : NFUP_DROP_TRUNCATED;
}

HAND(nat)
