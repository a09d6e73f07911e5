/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state NEIGHB: hosts on the router's links, with their link-layer addresses as
 * they have said them in ARP (RFC 826) and neighbour discovery (RFC 4861). */
#ifndef NFUP_NEIGHBOUR_H
#define NFUP_NEIGHBOUR_H

#include "../ageing.h"
#include "neighbour_entry.h"

NFUP_AGED_STATE(NEIGHB, struct neighbour_key, struct neighbour_entry, 16384);

static __always_inline void *neighbour_find(const void *key)
{
	return state_lookup(NEIGHB, key);
}

static __always_inline int neighbour_add(const void *key, const void *value)
{
	return state_insert(NEIGHB, key, value, BPF_NOEXIST);
}

static __always_inline void neighbour_remove(const void *key, const void *entry NFUP_UNUSED)
{
	state_delete(NEIGHB, key);
}

static __always_inline __u64 *neighbour_last_seen(void *entry)
{
	return &((struct neighbour_entry *)entry)->last_seen;
}

/* ns that it is believed without a word. */
static __always_inline __u64 neighbour_limit(const struct neighbour_entry *e, __u64 timeout)
{
	return e->fixed ? 0 : timeout;
}

/* All may be silent for as long: the one in front is the oldest. */
#define NEIGHBOUR_AGED(limit_function)                                                                       \
	{                                                                                                    \
		.queue = &NEIGHB_QUEUE, .key_size = sizeof(struct neighbour_key), .choice = 1,               \
		.find = neighbour_find, .add = neighbour_add, .remove = neighbour_remove,                    \
		.last_seen = neighbour_last_seen, .limit = limit_function,                                   \
	}

#endif
