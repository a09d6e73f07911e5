/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nat.h"
#include "pool.h"

NFUP_PARAM(__u64, UDP, "duration", "5m", "1s..10000h", "how long a UDP mapping may be idle (RFC 4787 REQ-5)");
NFUP_PARAM(__u64, TCP, "duration", "2h4m", "1s..10000h", "the same for TCP with an open connection (RFC 5382 REQ-5)");
NFUP_PARAM(__u64, TRANSITORY, "duration", "4m", "1s..10000h", "and for TCP without one");
NFUP_PARAM(__u64, ICMP, "duration", "1m", "1s..10000h", "and for ICMP queries (RFC 5508 REQ-2)");
NFUP_OUTPUTS("claimed, taken?, full?");
NFUP_REQUIRES("free-endpoint");
NFUP_PROVIDES("lease@0");

enum finding { CLAIMED, TAKEN, FULL };

static __always_inline __u32 idle_seconds(__u8 proto)
{
	__u64 limit = proto == IPPROTO_TCP ? TRANSITORY : proto == IPPROTO_UDP ? UDP : ICMP;

	return limit / NSEC_PER_SEC;
}

/* The mapping of the one who had the lease before ends with it. */
static __always_inline void forget_mapping(const struct endpoint *inside, const struct endpoint *outside)
{
	struct nat_entry *entry = state_lookup(NAT, inside);

	if (entry && endpoint_word(&entry->outside) == endpoint_word(outside))
		state_delete(NAT, inside);
}

static __always_inline void pool_remove(const void *outside, const void *lease)
{
	struct endpoint inside = ((const struct pool_entry *)lease)->inside;

	forget_mapping(&inside, outside);
	state_delete(POOL, outside);
}

static const struct aged_state aged = {
	AGED_BY(POOL, pool_remove),
	.limit = lease_limit,
};

AGE_INSERTS(aged)

static __always_inline enum finding take_over(struct pool_entry *lease, const struct endpoint *outside,
					      const struct pool_entry *fresh)
{
	struct endpoint before = lease->inside;
	__u64 seen = lease->last_seen;
	int mine = endpoint_word(&before) == endpoint_word(&fresh->inside);

	if (!mine && !lease_expired(lease))
		return TAKEN;
	if (!lease_retake(lease, seen))
		return TAKEN;
	if (!lease->idle) /* a forward of its own stays one */
		return CLAIMED;
	lease->idle = fresh->idle;
	lease->idle_open = fresh->idle_open;
	lease->checked = fresh->checked;
	if (mine)
		return CLAIMED;
	lease->open = 0;
	endpoint_store(&lease->inside, &fresh->inside);
	forget_mapping(&before, outside);
	return CLAIMED;
}

static __always_inline enum finding claim(const struct endpoint *outside, const struct pool_entry *fresh)
{
	struct pool_entry *lease = state_lookup(POOL, outside);
	int error;

	if (lease)
		return take_over(lease, outside, fresh);
	error = age_insert(outside, fresh, FULL_REFUSE, fresh->last_seen);
	if (!error)
		return CLAIMED;
	return error == -E2BIG ? FULL : TAKEN;
}

NFUP_ATOM(WritePool, "Claim the outside endpoint that ReadPool found, for the packet's inside endpoint")
{
	struct endpoint outside = flow_source(p);
	struct pool_entry fresh = {
		.last_seen = bpf_ktime_get_coarse_ns(),
		.idle = idle_seconds(p->flow.proto),
		.idle_open = TCP / NSEC_PER_SEC,
		.checked = bpf_jiffies64(),
	};
	enum finding f;

	if (!header_source(ctx, p, &fresh.inside))
		return DROP(TRUNCATED);
	f = claim(&outside, &fresh);
	if (f == CLAIMED)
		return NEXT(0);
	if (f == TAKEN)
		return NEXT_OR_DROP(1, NFUP_DROP_PORT_TAKEN);
	return NEXT_OR_DROP(2, NFUP_DROP_TABLE_FULL);
}
