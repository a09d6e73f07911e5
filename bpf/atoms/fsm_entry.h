/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state FSM holds for a flow. */
#ifndef NFUP_FSM_ENTRY_H
#define NFUP_FSM_ENTRY_H

#include "../contract.h"

enum fsm_state {
	FSM_CLOSED,   /* never stored */
	FSM_SYN_SENT, /* the client has sent a SYN */
};

struct fsm_entry {
	nfup_time last_seen; /* the last SYN; never: it is over */
	enum fsm_state state;
	__u32 zero;
};
NFUP_ASSERT(sizeof(struct fsm_entry) == 16, "no padding in a map value");

#endif
