/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "frag.h"

NFUP_PARAM(__u64, TIMEOUT, "duration", "30s", "1s..10m",
	   "how long behind the first fragment the others may come; give ReadFrag the same");
NFUP_PARAM(__u32, FULL, "enum", "oldest", FULL_NAMES,
	   "when the table is full: refuse the new datagram, or forget the oldest");
NFUP_PARAM(__u32, ZONE, "enum", "none", ZONE_NAMES,
	   "vlan: each VLAN has datagrams of its own; give ReadFrag the same");
NFUP_OUTPUTS("out");
NFUP_REQUIRES("five-tuple");

static __always_inline __u64 frag_limit(const void *entry NFUP_UNUSED)
{
	return TIMEOUT;
}

static const struct aged_state aged = {
	AGED(FRAG),
	.choice = 1,
	.limit = frag_limit,
};

AGE_INSERTS(aged)

/* An identifier that comes again: the datagram before it is complete, or too old. */
static __always_inline int begin_anew(struct frag_entry *e, const struct frag_entry *fresh)
{
	if (!age_take(&e->last_seen, fresh->last_seen))
		return NFUP_DROP_TABLE_FULL;
	entry_lock(&e->busy);
	e->length = 0;
	__builtin_memcpy(e->passed, fresh->passed, sizeof(e->passed));
	frag_copy(e->saddr, fresh->saddr);
	frag_copy(e->daddr, fresh->daddr);
	entry_unlock(&e->busy);
	return PASSED;
}

/* PASSED, or why not. */
static __always_inline int note(struct xdp_md *ctx, const struct pkt *p)
{
	struct frag_entry fresh = {.last_seen = bpf_ktime_get_coarse_ns()}, *e;
	struct frag_key key;
	struct fragment f;

	if (!read_fragment(ctx, p, &f) || !frag_key(ctx, p, &f, ZONE, &key))
		return NFUP_DROP_BAD_FRAGMENT;
	e = state_lookup(FRAG, &key);
	if (e && !age_is_due(e->last_seen, TIMEOUT, fresh.last_seen))
		return frag_add(e, &f);
	fresh.passed[0].end = f.end;
	frag_copy(fresh.saddr, p->flow.saddr);
	frag_copy(fresh.daddr, p->flow.daddr);
	if (e)
		return begin_anew(e, &fresh);
	return age_insert(&key, &fresh, FULL, fresh.last_seen) ? NFUP_DROP_TABLE_FULL : PASSED;
}

NFUP_ATOM(WriteFrag, "Note a first fragment that passes, and the addresses that its flow has, so that the later ones may and get the same. In front of IPRewrite")
{
	int finding = PASSED;

	if ((p->flags & (PKT_FRAGMENT | PKT_LATER_FRAGMENT)) == PKT_FRAGMENT)
		finding = note(ctx, p);
	if (finding == PASSED)
		return NEXT(0);
	nfup_count_drop(finding);
	return XDP_DROP;
}
