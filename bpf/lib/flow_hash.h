/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A hash of the flow that both directions share. */
#ifndef NFUP_FLOW_HASH_H
#define NFUP_FLOW_HASH_H

#include "../contract.h"

/* MurmurHash3's steps for one word and at the end (public domain, Austin Appleby). */
static __always_inline __u32 hash_word(__u32 hash, __u32 word)
{
	word *= 0xcc9e2d51;
	word = word << 15 | word >> 17;
	hash ^= word * 0x1b873593;
	hash = hash << 13 | hash >> 19;
	return hash * 5 + 0xe6546b64;
}

static __always_inline __u32 hash_end(__u32 hash)
{
	hash = (hash ^ hash >> 16) * 0x85ebca6b;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35;
	return hash ^ hash >> 16;
}

static __always_inline __u32 hash_side(const __u8 *addr, __be16 port)
{
	const __u32 *word = (const __u32 *)addr;

	return hash_end(hash_word(hash_word(hash_word(hash_word(hash_word(0, word[0]), word[1]), word[2]), word[3]), port));
}

/* Fragments are hashed without ports, which only the first of them has: all parts of a
 * datagram hash alike. */
static __always_inline __u32 symmetric_hash(const struct pkt *p)
{
	int whole = !(p->flags & PKT_FRAGMENT);

	return hash_end(hash_word(hash_side(p->flow.saddr, whole ? p->flow.sport : 0) +
					  hash_side(p->flow.daddr, whole ? p->flow.dport : 0),
				  p->flow.proto));
}

#endif
