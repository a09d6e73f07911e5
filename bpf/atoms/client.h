/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state CLIENT: addresses that have answered a challenge. They age (ageing.h); a
 * forged address never gets in, so a flood cannot fill it. */
#ifndef NFUP_CLIENT_H
#define NFUP_CLIENT_H

#include "../ageing.h"
#include "client_entry.h"

#define CLIENT_RECHECK 64 /* jiffies: clocks are read, and times written, at most this often */

NFUP_AGED_STATE(CLIENT, struct client_key, struct client_entry, 131072);

static __always_inline struct client_key client_key(const struct pkt *p)
{
	struct client_key key;

	__builtin_memcpy(key.addr, p->flow.saddr, sizeof(key.addr));
	return key;
}

#endif
