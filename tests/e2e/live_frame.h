/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The frames of live_frames, as its programs and its tool see them. */
#ifndef NFUP_LIVE_FRAME_H
#define NFUP_LIVE_FRAME_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/types.h>
#include <linux/udp.h>

#define LIVE_MAGIC 0x6e667570u
#define LIVE_FLOWS 16         /* source ports, by turns */
#define LIVE_WINDOW 192       /* frames under way in one direction; a veth ring holds 256 */
#define LIVE_PATIENCE 1000000 /* frames not sent in a row, some 20 ms */
#define LIVE_STAMPS 64        /* DSCPs, and numbers that an address may end in */

struct live_frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	__u32 magic;
	__u16 zero;
	__u64 sequence; /* of its direction, from 0 without a gap */
	__u32 padding;  /* Ethernet's shortest frame, without its checksum */
} __attribute__((packed));

/* One direction. Each field has one writer at a time: the generator is pinned
 * to a CPU, and a queue's NAPI polls on one CPU at a time. */
struct live_counts {
	__u64 sent;
	__u64 received;
	__u64 expected;                         /* the next sequence number */
	__u64 missing;                          /* numbers that were skipped */
	__u64 behind;                           /* numbers below the one expected: a second time, or late */
	__u64 damaged;                          /* IP checksum wrong */
	__u64 stamps[LIVE_STAMPS][LIVE_STAMPS]; /* by DSCP, by last byte of the source address */
	__u64 held;                             /* frames not sent in a row: enough are under way */
	__u64 torn;                             /* source and destination address have other stamps */
};

#endif
