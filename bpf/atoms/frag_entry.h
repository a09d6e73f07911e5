/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state FRAG holds: of which datagrams in fragments the first one has passed,
 * what else of them, and which addresses they get. */
#ifndef NFUP_FRAG_ENTRY_H
#define NFUP_FRAG_ENTRY_H

#include "../contract.h"

/* As the fragments came in, whatever their addresses become. */
struct frag_key {
	nfup_addr saddr;
	nfup_addr daddr;
	__be32 id;
	nfup_proto proto; /* IPv4 only (RFC 791); RFC 8200 tells datagrams apart without it */
	__u8 family;
	__u16 zone; /* lib/zone.h */
};
NFUP_ASSERT(sizeof(struct frag_key) == 40, "no padding in a map key");

/* Of the datagram, in units of 8 bytes; empty: end 0. */
struct frag_range {
	__u16 begin;
	__u16 end;
};

#define FRAG_RANGES 8 /* parts that do not touch each other */

struct frag_entry {
	nfup_time last_seen; /* the first fragment */
	__u32 busy;	     /* a CPU is changing what is below */
	__u16 length;	     /* of the datagram, in units of 8 bytes; 0: the last fragment has not passed */
	__u16 zero;
	struct frag_range passed[FRAG_RANGES];
	/* of the first fragment's flow where it was noted: translated, behind a NAT's look-up */
	nfup_addr saddr;
	nfup_addr daddr;
};
NFUP_ASSERT(sizeof(struct frag_entry) == 80, "no padding in a map value");

#endif
