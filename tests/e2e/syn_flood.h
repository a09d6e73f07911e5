/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The frames of syn_flood, as its programs and its tool see them. */
#ifndef NFUP_SYN_FLOOD_H
#define NFUP_SYN_FLOOD_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#define FLOOD_PORT 9 /* discard: nobody listens there */
#define FLOOD_WORDS 20

union flood_frame {
	struct {
		struct ethhdr eth;
		struct iphdr ip;
		struct tcphdr tcp;
	} __attribute__((packed)) v4;
	struct {
		struct ethhdr eth;
		struct ipv6hdr ip;
		struct tcphdr tcp;
	} __attribute__((packed)) v6;
	__u32 word[FLOOD_WORDS];
};

struct flood_counts {
	__u64 sent;
	__u64 received;
};

#endif
