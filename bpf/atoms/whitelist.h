/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state WL: TCP flows that have completed their handshake. Half-open flows are
 * in a table of their own (fsm.h) and can push nothing out of this one. */
#ifndef NFUP_WHITELIST_H
#define NFUP_WHITELIST_H

#include "../ageing.h"
#include "../lib/tcp.h"
#include "whitelist_entry.h"

#define NSEC_PER_SEC 1000000000ull

/* An entry looked at less than this many jiffies ago (0.06 to 0.64 s) has not
 * aged: no need to read the clock, which costs more than a hop, nor to write
 * last_seen, which would move its cache line between CPUs. */
#define WL_RECHECK 64

/* How long a reset flow stays (as nf_conntrack_tcp_timeout_close). */
#define WL_RESET_TIMEOUT (10 * NSEC_PER_SEC)

NFUP_AGED_STATE(WL, struct flow_key, struct wl_entry, 65536);

static __always_inline enum wl_closing wl_next_closing(enum wl_closing now, int flags)
{
	if (flags & TCP_RST)
		return WL_RESET;
	if (flags & TCP_FIN)
		return WL_FIN;
	return now == WL_RESET ? WL_OPEN : now;
}

/* How long a flow may be idle. */
static __always_inline __u64 wl_limit(enum wl_closing closing, __u64 open, __u64 closing_limit)
{
	return closing == WL_OPEN ? open : closing == WL_FIN ? closing_limit : WL_RESET_TIMEOUT;
}

#define WL_AGED(limit_function) {AGED(WL), .choice = 8, .limit = limit_function}

#endif
