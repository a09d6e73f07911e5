/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the sweeper and user space tell each other. One program runs at a time. */
#ifndef NFUP_SWEEP_ENTRY_H
#define NFUP_SWEEP_ENTRY_H

#include "contract.h"

#define NFUP_SWEEP_ROOM 65536 /* keys that user space hands over at a time */
#define NFUP_SWEEP_KEYS 32    /* settled in one run, with bottom halves disabled: some 10 us */

struct nfup_sweep {
	__u32 count;    /* keys that are there */
	__u32 only_try; /* 1: convert, but move nothing */
	__u32 next;     /* key that the next run begins with */
	__u32 moved;    /* with only_try: that would be */
	__u32 not_converted;
	__u32 refused; /* the last of those */
	__u32 no_room;
	__u32 busy;
};
NFUP_ASSERT(sizeof(struct nfup_sweep) == 32, "no padding in a map value");

#endif
