/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the rules of an IPFilter or IPClassifier are compiled to. Written by the
 * resolver (intent/filter_compile.cpp), searched by lib/filter_search.h. Plain
 * C, included by both sides. docs/filters.md tells the cost.
 *
 * Tuple-space search: an entry says which bits of the key it looks at and what
 * they must be. Entries that look at the same bits have one *shape*, and one
 * look-up in a hash table finds the entry of a shape that a packet meets; where
 * they are few, each is a shape of its own that holds what the bits must be, which
 * costs a comparison and no look-up. The entry of the lowest rank wins. Shapes are
 * in order of their best rank, so the search ends when no later shape can win. */
#ifndef NFUP_FILTER_H
#define NFUP_FILTER_H

#include <linux/types.h>

#define FILTER_MAX_SHAPES 256    /* look-ups a packet can cost */
#define FILTER_MAX_ENTRIES 65536 /* over all shapes */

/* filter_entry.action: an output, or one of these */
#define FILTER_MAX_OUTPUTS 32
#define FILTER_DENY 32     /* a rule says drop */
#define FILTER_NO_MATCH 33 /* no rule matched */
#define FILTER_HASHED 34   /* filter_shape.action only */

/* bits of filter_key.traits */
#define FILTER_IP6 0x01
#define FILTER_TCP 0x02
#define FILTER_UDP 0x04
#define FILTER_ICMP 0x08
#define FILTER_ICMP6 0x10
#define FILTER_FRAGMENT 0x20  /* part of a fragmented datagram */
#define FILTER_PORTS 0x40     /* TCP or UDP, with its ports */
#define FILTER_TRANSPORT 0x80 /* the TCP or ICMP fields below are real */

/* All that rules can look at, in network order. */
struct filter_key {
	__u8 saddr[16]; /* as in struct flow_key: IPv4 is mapped */
	__u8 daddr[16];
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 traits;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 tcp_flags;
	__u8 ttl;         /* hop limit */
	__u8 tos;         /* traffic class: DSCP and ECN */
	__u8 version_hl;  /* first byte of an IPv4 header; 0x60 */
	__be16 id;        /* IPv4 only */
	__be16 window;    /* TCP */
	__be16 length;    /* of the datagram, header included */
	__u16 shape;      /* index, in host order; 0 in masks */
	__u32 zero;
};

struct filter_shape {
	struct filter_key mask;
	struct filter_key value; /* of the only entry */
	__u32 best;   /* lowest rank of its entries */
	__u32 action; /* of the only entry; FILTER_HASHED: there are several */
	__u64 zero;
};

struct filter_entry {
	__u32 rank;
	__u32 action;
};

/* What is known when the program is loaded. */
struct filter_program {
	__u32 shapes;
	__u32 outputs;
	__u32 looks;     /* FILTER_LOOKS_* */
	__u32 otherwise; /* action for a packet that meets no entry */
};

#define FILTER_LOOKS_HEADER 0x01    /* ttl to id, length */
#define FILTER_LOOKS_TRANSPORT 0x02 /* TCP and ICMP fields */
#define FILTER_LOOKS_ADDRESSES 0x04

#ifdef __cplusplus
#define FILTER_ASSERT static_assert
#else
#define FILTER_ASSERT _Static_assert
#endif
FILTER_ASSERT(sizeof(struct filter_key) == 56, "no padding in a map key, a multiple of 8");
FILTER_ASSERT(sizeof(struct filter_shape) == 128, "two cache lines, no padding in a map value");
#undef FILTER_ASSERT

#endif
