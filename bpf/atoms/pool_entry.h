/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state POOL holds for an outside endpoint that is in use: its lease.
 * A lease that has expired may be taken over; until then its holder may still
 * renew it. A lease whose `idle` is 0 never expires: a static port forward. */
#ifndef NFUP_POOL_ENTRY_H
#define NFUP_POOL_ENTRY_H

#include "endpoint.h"

struct pool_entry {
	struct endpoint inside; /* who has it */
	nfup_time last_seen;    /* last packet from inside */
	__u32 idle;             /* seconds it may be idle */
	__u32 idle_open;        /* the same while a TCP connection is open */
	__u32 open;             /* TCP connections that are */
	nfup_jiffies checked;   /* when last_seen was written */
};
NFUP_ASSERT(sizeof(struct pool_entry) == 32, "no padding in a map value");

#endif
