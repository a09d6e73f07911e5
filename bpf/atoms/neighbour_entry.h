/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state NEIGHB holds for a host on a link. */
#ifndef NFUP_NEIGHBOUR_ENTRY_H
#define NFUP_NEIGHBOUR_ENTRY_H

#include "../contract.h"

struct neighbour_key {
	nfup_addr addr; /* IPv4 mapped */
};
NFUP_ASSERT(sizeof(struct neighbour_key) == 16, "no padding in a map key");

struct neighbour_entry {
	nfup_time last_seen; /* when it last said so */
	nfup_mac mac;
	__u16 fixed; /* other than 0: said by the operator, and stays */
};
NFUP_ASSERT(sizeof(struct neighbour_entry) == 16, "no padding in a map value");

#endif
