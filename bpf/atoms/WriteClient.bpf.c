/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "client.h"

NFUP_PARAM(__u64, TIMEOUT, "duration", "1h", "1s..10000h", "how long an address is believed that begins nothing; give ReadClient the same");
NFUP_PARAM(__u32, FULL, "enum", "oldest", FULL_NAMES, "when the table is full: refuse the new address, or forget the oldest");
NFUP_OUTPUTS("out");
NFUP_REQUIRES("five-tuple");

static __always_inline __u64 client_limit(const void *entry NFUP_UNUSED)
{
	return TIMEOUT;
}

static const struct aged_state aged = {
	AGED(CLIENT),
	.choice = 1,
	.limit = client_limit,
};

AGE_INSERTS(aged)

/* One that could not be noted is asked again: no reason to drop anything here. */
static __always_inline int note(const struct pkt *p)
{
	struct client_key key = client_key(p);
	struct client_entry *e = state_lookup(CLIENT, &key);
	struct client_entry fresh = {.last_seen = bpf_ktime_get_coarse_ns(), .checked = bpf_jiffies64()};
	int error;

	if (e)
		return age_take(&e->last_seen, fresh.last_seen);
	error = age_insert(&key, &fresh, FULL, fresh.last_seen);
	return !error || error == -EEXIST;
}

NFUP_ATOM(WriteClient, "Note that the packet's source address has answered a challenge")
{
	if (!note(p))
		return DROP(TABLE_FULL);
	return NEXT(0);
}
