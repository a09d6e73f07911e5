/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state CLIENT holds: source addresses that are no forgery. */
#ifndef NFUP_CLIENT_ENTRY_H
#define NFUP_CLIENT_ENTRY_H

#include "../contract.h"

struct client_key {
	nfup_addr addr;
};
NFUP_ASSERT(sizeof(struct client_key) == 16, "no padding in a map key");

struct client_entry {
	nfup_time last_seen; /* when it answered, or last began something */
	nfup_jiffies checked;
	__u32 zero;
};
NFUP_ASSERT(sizeof(struct client_entry) == 16, "no padding in a map value");

#endif
