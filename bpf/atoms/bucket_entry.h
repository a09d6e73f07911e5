/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the states BUCKET and FLOW_RATE hold. */
#ifndef NFUP_BUCKET_ENTRY_H
#define NFUP_BUCKET_ENTRY_H

#include "../contract.h"

struct bucket {
	nfup_time due; /* see lib/token_bucket.h */
};
NFUP_ASSERT(sizeof(struct bucket) == 8, "no padding in a map value");

/* What counts as one flow for a node: fields that do not tell flows apart are 0. */
struct bucket_key {
	nfup_addr saddr;
	nfup_addr daddr;
	__be16 sport;
	__be16 dport;
	nfup_proto proto;
	__u8 family;
	__u16 node; /* its index among the NF's nodes */
};
NFUP_ASSERT(sizeof(struct bucket_key) == 40, "no padding in a map key");

#endif
