/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state WL holds for a flow. Times are ns of the kernel's coarse
 * monotonic clock. */
#ifndef NFUP_WHITELIST_ENTRY_H
#define NFUP_WHITELIST_ENTRY_H

#include "../contract.h"

enum wl_closing {
	WL_OPEN,
	WL_FIN,   /* a FIN has passed: the other direction may still send */
	WL_RESET, /* a RST has passed: over, unless more data shows that it was forged */
};

struct wl_entry {
	__u64 created;
	__u64 last_seen; /* up to WL_RECHECK old */
	enum wl_closing closing;
	__u32 checked; /* when last_seen was written, in jiffies (low bits) */
};
NFUP_ASSERT(sizeof(struct wl_entry) == 24, "no padding in a map value");

#endif
