/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state BUCKET: a token bucket for each node, by the node's index, which it keeps over
 * upgrades. */
#ifndef NFUP_BUCKET_H
#define NFUP_BUCKET_H

#include "../lib/token_bucket.h"
#include "bucket_entry.h"

NFUP_STATE(BUCKET, BPF_MAP_TYPE_ARRAY, __u32, struct bucket, NFUP_MAX_COUNTERS);

/* Is there room in the node's bucket for `units` more? Takes it. */
static __always_inline int within_rate(const struct bucket_terms *terms, __u32 units)
{
	__u32 node = nfup_node;
	struct bucket *bucket = state_lookup(BUCKET, &node);

	return bucket && bucket_take(&bucket->due, terms, units, bpf_ktime_get_ns());
}

#endif
