/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nat.h"
#include "pool.h"

NFUP_PARAM(__u32, SIDE, "enum", REQUIRED, "inside, outside",
	   "where the packet came from: its source is translated, or its destination");
NFUP_OUTPUTS("hit, miss, other?");
NFUP_REQUIRES("five-tuple");
NFUP_PROVIDES("new-flow@0");

enum side { INSIDE, OUTSIDE };
enum finding { HIT, MISS, OTHER };

/* May a packet without a mapping get one? Not an ICMP error or reply, whose
 * query did not pass here, nor what is behind a first fragment. */
static __always_inline enum finding without_mapping(struct xdp_md *ctx, const struct pkt *p)
{
	__u8 *type;

	if (p->flags & (PKT_ICMP_ERROR | PKT_LATER_FRAGMENT))
		return OTHER;
	if (p->flow.proto == IPPROTO_ICMP) {
		type = at(ctx, p->l4, 1);
		if (!type || icmp_is_reply(*type))
			return OTHER;
	}
	return MISS;
}

/* Has the inside endpoint still got its lease? One that has expired is renewed,
 * if nobody has taken it. Packets from inside keep it alive (RFC 4787 REQ-6),
 * ICMP errors do not (RFC 5508 REQ-6). */
static __always_inline int has_lease(const struct pkt *p, struct nat_entry *entry, const struct endpoint *inside,
				     __u32 jiffies)
{
	struct endpoint outside = entry->outside;
	struct pool_entry *lease = state_lookup(POOL, &outside);
	__u64 seen;

	if (!lease)
		return 0;
	seen = lease->last_seen;
	if (lease_expired(lease)) {
		if (p->flags & PKT_ICMP_ERROR || !lease_retake(lease, seen))
			return 0;
		lease->open = 0;
	}
	if (endpoint_word(&lease->inside) != endpoint_word(inside))
		return 0;
	if (p->flags & PKT_ICMP_ERROR)
		return 1;
	lease->last_seen = bpf_ktime_get_coarse_ns();
	lease->checked = jiffies;
	entry->checked = jiffies;
	return 1;
}

static __always_inline enum finding translate_source(struct xdp_md *ctx, struct pkt *p)
{
	struct endpoint inside = flow_source(p);
	struct nat_entry *entry = state_lookup(NAT, &inside);
	__u32 jiffies = bpf_jiffies64();

	if (!entry)
		return without_mapping(ctx, p);
	if (jiffies - entry->checked >= NAT_RECHECK && !has_lease(p, entry, &inside, jiffies))
		return without_mapping(ctx, p);
	set_flow_source(p, entry->outside.addr, entry->outside.port);
	return HIT;
}

/* A request from outside is for nobody, unless its identifier was forwarded. */
static __always_inline int is_unasked_request(struct xdp_md *ctx, const struct pkt *p, const struct pool_entry *lease)
{
	__u8 *type;

	if (p->flow.proto != IPPROTO_ICMP || p->flags & PKT_ICMP_ERROR || !lease->idle)
		return 0;
	type = at(ctx, p->l4, 1);
	return !type || !icmp_is_reply(*type);
}

static __always_inline enum finding translate_destination(struct xdp_md *ctx, struct pkt *p)
{
	struct endpoint outside = flow_destination(p);
	struct pool_entry *lease = state_lookup(POOL, &outside);

	if (!lease)
		return MISS;
	if ((__u32)bpf_jiffies64() - lease->checked >= NAT_RECHECK && lease_expired(lease))
		return MISS;
	if (is_unasked_request(ctx, p, lease))
		return MISS;
	set_flow_destination(p, lease->inside.addr, lease->inside.port);
	return HIT;
}

NFUP_ATOM(ReadNAT, "Has the packet's inside or outside endpoint a mapping? Its flow becomes the translated one")
{
	enum finding f = OTHER;

	if (nat_can_translate(p))
		f = SIDE == INSIDE ? translate_source(ctx, p) : translate_destination(ctx, p);
	if (f == HIT)
		return NEXT(0);
	if (f == MISS)
		return NEXT(1);
	return NEXT_OR_DROP(2, NFUP_DROP_UNTRANSLATABLE);
}
