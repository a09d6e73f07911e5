/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state AS, assigned servers, holds for a flow: who serves it. */
#ifndef NFUP_ASSIGNED_ENTRY_H
#define NFUP_ASSIGNED_ENTRY_H

#include "../contract.h"
#include "flow_phase_entry.h"

struct assigned_entry {
	nfup_time last_seen; /* never: it is over */
	__u16 service;
	__u16 server;
	enum flow_phase phase;
	nfup_jiffies checked; /* when last_seen was written */
	__u32 zero;
};
NFUP_ASSERT(sizeof(struct assigned_entry) == 24, "no padding in a map value");

#endif
