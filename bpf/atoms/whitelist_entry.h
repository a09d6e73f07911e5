/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state WL holds for a flow. */
#ifndef NFUP_WHITELIST_ENTRY_H
#define NFUP_WHITELIST_ENTRY_H

#include "../contract.h"

enum wl_closing {
	WL_OPEN,
	WL_FIN,   /* a FIN has passed: the other direction may still send */
	WL_RESET, /* a RST has passed: over, unless more data shows that it was forged */
};

struct wl_entry {
	nfup_time created;
	nfup_time last_seen; /* up to WL_RECHECK old; never: it is over */
	enum wl_closing closing;
	nfup_jiffies checked; /* when last_seen was written */
};
NFUP_ASSERT(sizeof(struct wl_entry) == 24, "no padding in a map value");

#endif
