/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a list of routes is compiled to. Written by the resolver
 * (intent/routes.cpp), searched by modules/LookupIPRoute.bpf.c. Plain C, included
 * by both sides. */
#ifndef NFUP_ROUTES_H
#define NFUP_ROUTES_H

#include "../contract.h"

/* Keys of LPM tries: the length comes first, as the kernel wants it. */
struct route4_key {
	__u32 length; /* of the prefix, in bits */
	nfup_addr4 addr;
};

struct route6_key {
	__u32 length;
	nfup_addr addr;
};

struct route {
	nfup_addr gateway; /* IPv4 mapped */
	__u32 output;
	__u32 direct; /* there is no gateway: the destination is on this link */
};

/* What is known when the program is loaded. */
struct route_program {
	__u32 routes4;
	__u32 routes6;
};

NFUP_ASSERT(sizeof(struct route4_key) == 8 && sizeof(struct route6_key) == 20, "no padding in a map key");
NFUP_ASSERT(sizeof(struct route) == 24, "no padding in a map value");

#endif
