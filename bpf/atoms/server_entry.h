/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state SERVER holds: who serves the virtual services. */
#ifndef NFUP_SERVER_ENTRY_H
#define NFUP_SERVER_ENTRY_H

#include "../contract.h"

struct server_key {
	__u16 service;
	__u16 server; /* its number among those of the service */
};
NFUP_ASSERT(sizeof(struct server_key) == 4, "no padding in a map key");

struct server_entry {
	nfup_addr addr; /* IPv4 mapped */
	__be16 port;	/* 0: as the client has it */
	nfup_mac mac;	/* where frames for it go: its own, or its router's */
	__u32 weight;	/* its share of the new flows; 0: it gets none, and keeps those it has */
};
NFUP_ASSERT(sizeof(struct server_entry) == 28, "no padding in a map value");

#endif
