/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fsm.h"

NFUP_PARAM(__u64, TIMEOUT, "duration", "4m", "1s..10000h",
	   "how long a handshake may take (RFC 5382 REQ-5); give ReadFSM the same");
NFUP_PARAM(__u32, FULL, "enum", "oldest", FULL_NAMES,
	   "when the table is full of handshakes under way: refuse the new one, or drop the oldest");
NFUP_OUTPUTS("out");
NFUP_REQUIRES("five-tuple");

static __always_inline __u64 limit(const void *entry NFUP_UNUSED)
{
	return TIMEOUT;
}

static const struct aged_state aged = FSM_AGED(limit);

AGE_INSERTS(aged)

static __always_inline int note_syn(const struct flow_key *flow)
{
	struct fsm_entry *e = state_lookup(FSM, flow);
	struct fsm_entry entry = {
		.last_seen = bpf_ktime_get_coarse_ns(),
		.state = FSM_SYN_SENT,
	};

	if (e)
		return age_take(&e->last_seen, entry.last_seen);
	return !age_insert(flow, &entry, FULL, entry.last_seen);
}

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
	if (flags & TCP_RST)
		fsm_end(&p->flow);
	else if (flags & TCP_SYN && !note_syn(&p->flow))
		return DROP(TABLE_FULL);
	return NEXT(0);
}
