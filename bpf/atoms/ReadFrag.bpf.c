/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "frag.h"

NFUP_PARAM(__u64, TIMEOUT, "duration", "30s", "1s..10m",
	   "how long behind the first fragment the others may come; give WriteFrag the same");
NFUP_PARAM(__u32, ZONE, "enum", "none", ZONE_NAMES,
	   "vlan: each VLAN has datagrams of its own; give WriteFrag the same");
NFUP_OUTPUTS("out, known, unknown?");
NFUP_REQUIRES("five-tuple");
NFUP_PROVIDES("new-flow@1");

/* PASSED, or why it does not belong to what has passed. */
static __always_inline int look(struct xdp_md *ctx, struct pkt *p)
{
	struct frag_entry *e;
	struct frag_key key;
	struct fragment f;
	int finding;

	if (!read_fragment(ctx, p, &f) || !frag_key(ctx, p, &f, ZONE, &key))
		return NFUP_DROP_BAD_FRAGMENT;
	e = state_lookup(FRAG, &key);
	if (!e || age_is_due(e->last_seen, TIMEOUT, bpf_ktime_get_coarse_ns()))
		return NFUP_DROP_UNKNOWN_FRAGMENT;
	finding = frag_add(e, &f);
	if (finding == PASSED) {
		frag_copy(p->flow.saddr, e->saddr);
		frag_copy(p->flow.daddr, e->daddr);
	}
	return finding;
}

NFUP_ATOM(ReadFrag, "Has the first fragment of a later one's datagram passed, and nothing of its bytes yet? Then its flow has the same addresses. All else goes on")
{
	int finding;

	if (!(p->flags & PKT_LATER_FRAGMENT))
		return NEXT(0);
	finding = look(ctx, p);
	if (finding == PASSED)
		return NEXT(1);
	return NEXT_OR_DROP(2, finding);
}
