/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fsm.h"

NFUP_PARAM(__u64, TIMEOUT, "duration", "4m", "1s..10000h", "how long a handshake may take (RFC 5382 REQ-5); give WriteFSM the same");
NFUP_OUTPUTS("valid, invalid, established");
NFUP_REQUIRES("five-tuple");

enum fit { FITS, FITS_NOT, COMPLETES, CUT_SHORT };

/* How the packet fits the state its flow is in. A flow begins with a SYN; after
 * it the client may repeat it, open simultaneously (SYN+ACK), give up (RST) or
 * acknowledge, which completes the handshake. What is not TCP, and later
 * fragments, have no state to fit. */
static __always_inline enum fit fit(struct xdp_md *ctx, struct pkt *p)
{
	struct fsm_entry *e;
	int flags;

	if (!is_tcp(p))
		return FITS;
	flags = tcp_flags(ctx, p);
	if (flags < 0)
		return CUT_SHORT;
	if (!tcp_flags_sensible(flags))
		return FITS_NOT;
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return FITS;

	e = state_lookup(FSM, &p->flow);
	if (!e || age_is_due(e->last_seen, TIMEOUT, bpf_ktime_get_coarse_ns()))
		return FITS_NOT;
	return flags & (TCP_SYN | TCP_RST) ? FITS : COMPLETES;
}

NFUP_ATOM(ReadFSM, "Does the packet fit the TCP handshake of its flow, or complete it?")
{
	enum fit f = fit(ctx, p);

	if (f == FITS)
		return NEXT(0);
	if (f == FITS_NOT)
		return NEXT(1);
	if (f == COMPLETES)
		return NEXT(2);
	return DROP(TRUNCATED);
}
