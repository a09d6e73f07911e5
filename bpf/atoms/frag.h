/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state FRAG: later fragments have no ports, so they pass if their first one has, in
 * time, and only once. What passes of a datagram never overlaps: whatever the receiver
 * makes of overlapping fragments (RFC 5722 tells it to drop them all), it sees none. They
 * get the addresses that the first one got: no ports are needed to translate them. A
 * datagram that is complete is forgotten. They age (ageing.h). */
#ifndef NFUP_FRAG_H
#define NFUP_FRAG_H

#include "../ageing.h"
#include "../lib/entry_lock.h"
#include "../lib/fragment.h"
#include "../lib/zone.h"
#include "frag_entry.h"

NFUP_AGED_STATE(FRAG, struct frag_key, struct frag_entry, 16384);

static __always_inline void frag_copy(nfup_addr to, const void *from)
{
	__builtin_memcpy(to, from, sizeof(nfup_addr));
}

/* The addresses are the header's, for the flow may be the translated one. False: the frame
 * ends before. */
static __always_inline int frag_key(struct xdp_md *ctx, const struct pkt *p, const struct fragment *f,
				    enum zone_by by, struct frag_key *key)
{
	int four = p->ethertype == bpf_htons(ETH_P_IP);
	__be32 *address;

	*key = (struct frag_key){
		.id = f->id,
		.proto = four ? p->ip_proto : 0,
		.family = four ? 4 : 6,
		.zone = zone_of(ctx, p, by),
	};
	if (!four) {
		address = at(ctx, p->l3 + 8, 32);
		if (!address)
			return 0;
		frag_copy(key->saddr, address);
		frag_copy(key->daddr, address + 4);
		return 1;
	}
	address = at(ctx, p->l3 + 12, 8);
	if (!address)
		return 0;
	((__be32 *)key->saddr)[2] = ((__be32 *)key->daddr)[2] = bpf_htonl(0xffff);
	((__be32 *)key->saddr)[3] = address[0];
	((__be32 *)key->daddr)[3] = address[1];
	return 1;
}

/* Adds a part, joined with those it touches. PASSED, or why it may not pass. */
static __always_inline int frag_add_locked(struct frag_entry *e, const struct fragment *f)
{
	__s64 begin = f->begin, end = f->end, overlap = 0;

	/* two ranges overlap if either begins before the other ends; without branches, which
	 * the verifier would have to follow one by one */
#pragma unroll
	for (int i = 0; i < FRAG_RANGES; i++)
		overlap |= (begin - e->passed[i].end) & (e->passed[i].begin - end);
	if (overlap < 0)
		return NFUP_DROP_OVERLAPPING_FRAGMENT;
	if (e->length && (end > e->length || f->is_last))
		return NFUP_DROP_OVERLAPPING_FRAGMENT;
	if (f->is_last)
		e->length = end;
#pragma unroll
	for (int i = 0; i < FRAG_RANGES; i++) {
		struct frag_range *r = &e->passed[i];

		if (!r->end || (r->end != begin && r->begin != end))
			continue;
		if (r->end == begin)
			begin = r->begin;
		else
			end = r->end;
		r->end = 0;
	}
#pragma unroll
	for (int i = 0; i < FRAG_RANGES; i++) {
		if (e->passed[i].end)
			continue;
		e->passed[i] = (struct frag_range){begin, end};
		if (!begin && end == e->length)
			age_end(&e->last_seen);
		return PASSED;
	}
	return NFUP_DROP_TABLE_FULL;
}

/* Global, as read_fragment. */
__attribute__((noinline)) int frag_add(struct frag_entry *e, const struct fragment *f)
{
	int finding;

	if (!e || !f)
		return NFUP_DROP_NO_CONTEXT;
	entry_lock(&e->busy);
	finding = frag_add_locked(e, f);
	entry_unlock(&e->busy);
	return finding;
}

#endif
