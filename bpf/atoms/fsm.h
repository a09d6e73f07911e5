/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state FSM: TCP flows whose handshake is under way, as seen from the
 * client's side alone. A flow without an entry, or with one that is over, is
 * CLOSED; one that completes the handshake moves on to WL. A table of its own, so
 * that a flood of SYNs pushes out only its own kind. */
#ifndef NFUP_FSM_H
#define NFUP_FSM_H

#include "../ageing.h"
#include "../lib/tcp.h"
#include "fsm_entry.h"

NFUP_AGED_STATE(FSM, struct flow_key, struct fsm_entry, 65536);

/* The handshake is over, one way or the other. */
static __always_inline void fsm_end(const struct flow_key *flow)
{
	struct fsm_entry *e = state_lookup(FSM, flow);

	if (e)
		age_end(&e->last_seen);
}

/* All may be idle for as long: the one in front is the oldest. */
#define FSM_AGED(limit_function) {AGED(FSM), .choice = 1, .limit = limit_function}

#endif
