/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a list of neighbours is compiled to. Written by the resolver
 * (intent/neighbours.cpp). Plain C, included by both sides. */
#ifndef NFUP_NEIGHBOURS_H
#define NFUP_NEIGHBOURS_H

#include "../contract.h"

/* The key is its address, an nfup_addr. */
struct neighbour {
	nfup_mac mac;
	__u16 zero;
};
NFUP_ASSERT(sizeof(struct neighbour) == 8, "no padding in a map value");

#endif
