/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One end of a flow, as the tables of a NAT name it. */
#ifndef NFUP_ENDPOINT_H
#define NFUP_ENDPOINT_H

#include "../contract.h"

struct endpoint {
	nfup_addr4 addr;
	__be16 port;      /* of ICMP queries the identifier */
	nfup_proto proto; /* TCP, UDP or ICMP */
	__u8 zero;
} __attribute__((aligned(8))); /* read and written at once, by CPUs side by side */
NFUP_ASSERT(sizeof(struct endpoint) == 8, "no padding in a map key");

#endif
