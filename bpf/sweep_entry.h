/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the sweeper of a migration and user space tell each other. */
#ifndef NFUP_SWEEP_ENTRY_H
#define NFUP_SWEEP_ENTRY_H

#include "contract.h"

#define NFUP_SWEEP_ROOM 65536 /* keys that user space hands over at a time */
#define NFUP_SWEEP_KEYS 64    /* settled in one run, which packets of this CPU wait for: some 30 us */

struct nfup_sweep {
	__u32 count;        /* keys that are there */
	__u32 drop_doubles; /* 1: an old entry whose key the new map has is deleted */
	__u32 next;         /* key that the next run begins with */
	__u32 moved;
	__u32 there; /* doubles */
	__u32 full;
};
NFUP_ASSERT(sizeof(struct nfup_sweep) == 24, "no padding in a map value");

#endif
