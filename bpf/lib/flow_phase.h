/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How far a flow is, told from what one side or both have sent: how long its entry may be idle,
 * and which entries give way in a full table. */
#ifndef NFUP_FLOW_PHASE_H
#define NFUP_FLOW_PHASE_H

#include "../atoms/flow_phase_entry.h"
#include "../nfup.h"
#include "tcp.h"

#define NSEC_PER_SEC 1000000000ull

/* Times are written, and clocks read, at most this often, in jiffies: 0.06 to 0.64 s. Each
 * packet would cost a hop more, and move a cache line. */
#define FLOW_RECHECK 64

/* A flow that has had one packet, or nothing but SYNs (as IPVS has it). */
#define FLOW_NEW_TIMEOUT (60 * NSEC_PER_SEC)

/* What the nodes say: all that share a state, the same. */
#define NFUP_FLOW_TIMES                                                                                            \
	NFUP_PARAM(__u64, TCP, "duration", "2h4m", "1s..10000h", "how long an open TCP connection may be idle");   \
	NFUP_PARAM(__u64, CLOSING, "duration", "4m", "1s..10000h", "the same once a FIN or RST has passed");       \
	NFUP_PARAM(__u64, OTHER, "duration", "5m", "1s..10000h", "the same for UDP and other protocols")

static __always_inline __u64 flow_limit(enum flow_phase phase, __u64 tcp, __u64 closing, __u64 other)
{
	switch (phase) {
	case FLOW_TCP:
		return tcp;
	case FLOW_CLOSING:
		return closing;
	case FLOW_OTHER:
		return other;
	default:
		return FLOW_NEW_TIMEOUT;
	}
}

/* The flags of a packet with a TCP header; none for one whose header is cut short. -1: no TCP. */
static __always_inline int flow_flags(struct xdp_md *ctx, const struct pkt *p)
{
	int flags;

	if (!is_tcp(p))
		return -1;
	flags = tcp_flags(ctx, p);
	return flags < 0 ? 0 : flags;
}

/* `flags`: flow_flags() of the flow's next packet. */
static __always_inline enum flow_phase flow_next_phase(enum flow_phase phase, int flags)
{
	if (flags < 0)
		return FLOW_OTHER;
	if (flags & (TCP_FIN | TCP_RST))
		return FLOW_CLOSING;
	return phase == FLOW_NEW && !(flags & TCP_SYN) ? FLOW_TCP : phase;
}

/* A SYN between ports whose connection is over. */
static __always_inline int flow_begins_anew(enum flow_phase phase, int flags)
{
	return phase == FLOW_CLOSING && flags >= 0 && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

#endif
