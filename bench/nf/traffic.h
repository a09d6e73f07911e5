/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flows of the traffic tool, as its programs and the tool see them. */
#ifndef NFUP_BENCH_TRAFFIC_H
#define NFUP_BENCH_TRAFFIC_H

#include <linux/types.h>

#define TRAFFIC_SHORTEST 60     /* bytes; a frame of 64 with its checksum */
#define TRAFFIC_LONGEST 1514    /* the same for 1,518 */
#define TRAFFIC_HEADERS 80      /* the longest that are written: Ethernet, IPv6, TCP, sequence number */
#define TRAFFIC_FIRST_PORT 1024 /* of the sources */
#define TRAFFIC_PORTS 16384     /* flows of one source address; a power of two */
#define TRAFFIC_WINDOW 192      /* frames under way; a veth ring holds 256 */

enum traffic_answer {
	ANSWER_NONE,
	ANSWER_ECHO,   /* addresses and ports exchanged */
	ANSWER_SYN,    /* and a SYN answered as TCP does */
	ANSWER_SAMPLE, /* handed to the tool */
};

/* One pass over the flows, or several. Written by the tool between two passes. */
struct traffic_pass {
	__u8 headers[TRAFFIC_HEADERS]; /* of source address 0 in its last two bytes, port 0, number 0 */
	__u32 size;                    /* of headers in use, up to and with the number */
	__u32 numbered;                /* offset of the number in the payload, 4 bytes; 0: there is none */
	__u32 l4, l4_check;            /* offsets */
	__u32 source;                  /* offset of the source address' last two bytes */
	__u32 ip_check;                /* offset; 0: IPv6 */
	__u32 flows;
	__u32 answer; /* enum traffic_answer, by the receiver */
	__u64 frames; /* to send in this pass */
	/* from here on written by the programs; cleared by the tool */
	__u64 sent, received, answered;
	__u64 first_ns, last_ns; /* when the first was sent, the last one received */
	__u64 held;              /* times that it had to wait */
	__u64 expected;          /* the next number */
	__u64 missing;           /* numbers that were skipped */
	__u64 behind;            /* numbers below the one expected: twice, or late */
};

/* A received frame. */
struct traffic_sample {
	__u32 length;
	__u8 bytes[TRAFFIC_LONGEST + 2];
};

#endif
