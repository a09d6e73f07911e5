/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state FLOW_RATE: a token bucket for each flow, source or destination of a node. A
 * bucket that is full says no more than none, so an entry ages by the time it is full. */
#ifndef NFUP_FLOW_RATE_H
#define NFUP_FLOW_RATE_H

#include "../ageing.h"
#include "../lib/token_bucket.h"
#include "bucket_entry.h"

NFUP_AGED_STATE(FLOW_RATE, struct bucket_key, struct bucket, 65536);

static __always_inline void *flow_rate_find(const void *key)
{
	return state_lookup(FLOW_RATE, key);
}

static __always_inline int flow_rate_add(const void *key, const void *value)
{
	return state_insert(FLOW_RATE, key, value, BPF_NOEXIST);
}

static __always_inline void flow_rate_remove(const void *key, const void *entry NFUP_UNUSED)
{
	state_delete(FLOW_RATE, key);
}

static __always_inline __u64 *flow_rate_due(void *entry)
{
	return &((struct bucket *)entry)->due;
}

static __always_inline __u64 flow_rate_limit(const void *entry NFUP_UNUSED)
{
	return 1;
}

static const struct aged_state flow_rate_aged = {
	.queue = &FLOW_RATE_QUEUE,
	.key_size = sizeof(struct bucket_key),
	.choice = 8, /* the fullest of them gives way */
	.find = flow_rate_find,
	.add = flow_rate_add,
	.remove = flow_rate_remove,
	.last_seen = flow_rate_due,
	.limit = flow_rate_limit,
};

#endif
