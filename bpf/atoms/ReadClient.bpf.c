/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "client.h"

NFUP_PARAM(__u64, TIMEOUT, "duration", "1h", "1s..10000h", "how long an address is believed that begins nothing; give WriteClient the same");
NFUP_OUTPUTS("known, unknown");
NFUP_REQUIRES("five-tuple");

static __always_inline int is_known(const struct pkt *p)
{
	struct client_key key = client_key(p);
	struct client_entry *e = state_lookup(CLIENT, &key);
	__u32 jiffies = bpf_jiffies64();
	__u64 now;

	if (!e || e->last_seen <= AGE_DELETED)
		return 0;
	if (jiffies - e->checked < CLIENT_RECHECK)
		return 1;
	now = bpf_ktime_get_coarse_ns();
	if (age_is_due(e->last_seen, TIMEOUT, now))
		return 0;
	e->last_seen = now;
	e->checked = jiffies;
	return 1;
}

NFUP_ATOM(ReadClient, "Has the packet's source address answered a challenge?")
{
	if (is_known(p))
		return NEXT(0);
	return NEXT(1);
}
