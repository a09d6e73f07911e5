/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state RETURN holds for a flow from a server to a client: the virtual service that
 * the client has asked. */
#ifndef NFUP_RETURN_ENTRY_H
#define NFUP_RETURN_ENTRY_H

#include "../contract.h"
#include "flow_phase_entry.h"

struct return_entry {
	nfup_time last_seen; /* never: it is over */
	nfup_addr addr;
	enum flow_phase phase;
	__be16 port;
	__u16 zero[3];
	nfup_jiffies checked; /* when last_seen was written */
};
NFUP_ASSERT(sizeof(struct return_entry) == 40, "no padding in a map value");

#endif
