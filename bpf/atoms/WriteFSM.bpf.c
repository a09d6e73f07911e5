/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fsm.h"

NFUP_OUTPUTS("out");
NFUP_REQUIRES("five-tuple");

/* A SYN that could not be noted is dropped, and counted as table-full: passed
 * on, it would open a connection whose next packet does not fit. */
NFUP_ATOM(WriteFSM, "Note the packet in the TCP handshake of its flow (SYN: under way, RST: over)")
{
	int flags;

	/* no state to note: see ReadFSM */
	if (!is_tcp(p))
		return NEXT(0);
	flags = tcp_flags(ctx, p);
	if (flags < 0)
		return DROP(TRUNCATED);
	if (flags & TCP_RST) {
		state_delete(FSM, &p->flow);
	} else if (flags & TCP_SYN) {
		struct fsm_entry entry = {
			.last_seen = bpf_ktime_get_coarse_ns(),
			.state = FSM_SYN_SENT,
		};

		if (state_insert(FSM, &p->flow, &entry, BPF_ANY))
			return DROP(TABLE_FULL);
	}
	return NEXT(0);
}
