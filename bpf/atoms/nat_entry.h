/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state NAT holds for an inside endpoint: the outside one that stands
 * for it, towards everybody (RFC 4787 §4.1, endpoint-independent mapping). */
#ifndef NFUP_NAT_ENTRY_H
#define NFUP_NAT_ENTRY_H

#include "endpoint.h"

struct nat_entry {
	struct endpoint outside;
	nfup_jiffies checked; /* when the lease was last looked at */
	__u32 zero;
};
NFUP_ASSERT(sizeof(struct nat_entry) == 16, "no padding in a map value");

#endif
