/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "return.h"

#include <linux/if_ether.h>

NFUP_FLOW_TIMES;
NFUP_OUTPUTS("out, taken?");
NFUP_REQUIRES("ip-header, new-flow");
NFUP_PROVIDES("new-flow@0");

static __always_inline __u64 limit(const void *entry)
{
	return flow_limit(((const struct return_entry *)entry)->phase, TCP, CLOSING, OTHER);
}

static __always_inline int has_only_begun(const void *entry)
{
	return ((const struct return_entry *)entry)->phase == FLOW_NEW;
}

static const struct aged_state aged = {
	AGED(RETURN),
	.choice = 8,
	.limit = limit,
	.may_go = has_only_begun,
};

AGE_INSERTS(aged)

/* The flow of the answers. */
static __always_inline struct flow_key backwards(const struct flow_key *flow)
{
	struct flow_key back = {.sport = flow->dport, .dport = flow->sport, .proto = flow->proto, .family = flow->family};

	__builtin_memcpy(back.saddr, flow->daddr, sizeof(back.saddr));
	__builtin_memcpy(back.daddr, flow->saddr, sizeof(back.daddr));
	return back;
}

/* Whom the headers say that the client has asked. False: they end before. */
static __always_inline int asked(struct xdp_md *ctx, const struct pkt *p, struct return_entry *entry)
{
	int ip4 = p->ethertype == bpf_htons(ETH_P_IP);
	__be32 *addr = at(ctx, p->l3 + (ip4 ? 16 : 24), 4), *to = (__be32 *)entry->addr;
	__be16 *port = at(ctx, p->l4 + 2, 2);

	if (!addr || !port)
		return 0;
	if (p->flags & PKT_HAS_PORTS)
		entry->port = *port;
	if (ip4) {
		to[2] = bpf_htonl(0xffff);
		to[3] = *addr;
		return 1;
	}
	addr = at(ctx, p->l3 + 24, 16);
	if (!addr)
		return 0;
	__builtin_memcpy(to, addr, 16);
	return 1;
}

static __always_inline int same_service(const struct return_entry *a, const struct return_entry *b)
{
	const __u32 *x = (const __u32 *)a->addr, *y = (const __u32 *)b->addr;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) && a->port == b->port;
}

enum finding { NOTED, OTHER_SERVICE, FULL };

static __always_inline enum finding note(const struct flow_key *back, struct return_entry *fresh,
					 int flags)
{
	struct return_entry *e = state_lookup(RETURN, back);
	__u64 seen;

	if (e && same_service(e, fresh) && !flow_begins_anew(e->phase, flags) && e->last_seen > AGE_DELETED &&
	    return_seen(e, flags, limit(e)))
		return NOTED;
	fresh->last_seen = bpf_ktime_get_coarse_ns();
	fresh->checked = bpf_jiffies64();
	if (!e)
		return age_insert(back, fresh, FULL_OLDEST, fresh->last_seen) ? FULL : NOTED;
	seen = e->last_seen;
	if (!same_service(e, fresh) && !flow_begins_anew(e->phase, flags) &&
	    !age_is_due(seen, limit(e), fresh->last_seen))
		return OTHER_SERVICE;
	if (!age_take(&e->last_seen, fresh->last_seen))
		return FULL;
	__builtin_memcpy(e->addr, fresh->addr, sizeof(e->addr));
	e->port = fresh->port;
	e->phase = fresh->phase;
	e->checked = fresh->checked;
	return NOTED;
}

/* Without ports the parts of a datagram cannot be told from others', so fragments are not
 * translated. A client that asks two services of one server from one port would get
 * the answers mixed up: the later connection is refused. */
NFUP_ATOM(WriteReturn, "Note which virtual service the packet asks, for the answers of its server")
{
	struct return_entry fresh = {};
	struct flow_key back;
	enum finding finding;
	int flags;

	if (p->flags & PKT_ICMP_ERROR)
		return NEXT(0);
	if (p->flags & PKT_FRAGMENT)
		return DROP(UNTRANSLATABLE);
	if (!asked(ctx, p, &fresh))
		return DROP(TRUNCATED);
	back = backwards(&p->flow);
	flags = flow_flags(ctx, p);
	if (flags >= 0)
		fresh.phase = flow_next_phase(FLOW_NEW, flags);
	finding = note(&back, &fresh, flags);
	if (finding == OTHER_SERVICE)
		return NEXT_OR_DROP(1, NFUP_DROP_PORT_TAKEN);
	if (finding == FULL)
		return DROP(TABLE_FULL);
	return NEXT(0);
}
