/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state FLOW_RATE: a token bucket for each flow, source or destination of a node. A
 * bucket that is full says no more than none, so an entry ages by the time it is full. */
#ifndef NFUP_FLOW_RATE_H
#define NFUP_FLOW_RATE_H

#include "../ageing.h"
#include "../lib/token_bucket.h"
#include "bucket_entry.h"

NFUP_AGED_STATE_BY(FLOW_RATE, struct bucket_key, struct bucket, 65536, due);

static __always_inline __u64 flow_rate_limit(const void *entry NFUP_UNUSED)
{
	return 1;
}

static const struct aged_state flow_rate_aged = {
	AGED(FLOW_RATE),
	.choice = 8, /* the fullest of them gives way */
	.limit = flow_rate_limit,
};

#endif
