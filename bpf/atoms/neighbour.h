/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state NEIGHB: hosts on the router's links, with their link-layer addresses as
 * they have said them in ARP (RFC 826) and neighbour discovery (RFC 4861). */
#ifndef NFUP_NEIGHBOUR_H
#define NFUP_NEIGHBOUR_H

#include "../ageing.h"
#include "neighbour_entry.h"

NFUP_AGED_STATE(NEIGHB, struct neighbour_key, struct neighbour_entry, 16384);

/* ns that it is believed without a word. */
static __always_inline __u64 neighbour_limit(const struct neighbour_entry *e, __u64 timeout)
{
	return e->fixed ? 0 : timeout;
}

/* All may be silent for as long: the one in front is the oldest. */
#define NEIGHBOUR_AGED(limit_function) {AGED(NEIGHB), .choice = 1, .limit = limit_function}

#endif
