/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fsm.h"
#include "whitelist.h"

NFUP_OUTPUTS("out");
NFUP_REQUIRES("five-tuple");

/* A packet whose flow could not be put on the list is dropped, and counted as
 * table-full: its sender tries again, and the operator sees why. */
NFUP_ATOM(WriteWL, "Put the packet's TCP flow on the whitelist; its handshake is over")
{
	struct wl_entry entry = {};
	int flags;

	/* never listed: see ReadWL */
	if (!is_tcp(p))
		return NEXT(0);
	flags = tcp_flags(ctx, p);
	if (flags < 0)
		return DROP(TRUNCATED);
	entry.created = entry.last_seen = bpf_ktime_get_coarse_ns();
	entry.checked = bpf_jiffies64();
	entry.closing = wl_next_closing(WL_OPEN, flags);
	if (state_insert(WL, &p->flow, &entry, BPF_ANY))
		return DROP(TABLE_FULL);
	state_delete(FSM, &p->flow);
	return NEXT(0);
}
