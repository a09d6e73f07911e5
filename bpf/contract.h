/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The shapes that programs and tools share: what is in the framework's maps.
 * Plain C structs, no padding, asserted. A change to struct pkt is a new
 * contract: its BTF is part of every node's identity, and a generation built
 * against another contract gets a context map of its own. */
#ifndef NFUP_CONTRACT_H
#define NFUP_CONTRACT_H

#include <linux/types.h>

#ifdef __cplusplus
#define NFUP_ASSERT static_assert
#else
#define NFUP_ASSERT _Static_assert
#endif

/* What the fields of keys and values mean, where the C type alone does not tell:
 * `nfup state` shows and reads them so, and entries that are restored later or on
 * another machine have their times rebased. No part of a schema: compared are the
 * types behind. Other fields: __be16 and __be32 are numbers in network order,
 * enums have their names, a field called `zero` is filling. */
typedef __u8 nfup_addr[16]; /* IPv6, or IPv4 mapped (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2) */
typedef __be32 nfup_addr4;
typedef __u8 nfup_mac[6];
typedef __u8 nfup_proto; /* IPPROTO_* */
/* ns of the monotonic clock (bpf_ktime_get_ns, bpf_ktime_get_coarse_ns); 0: never */
typedef __u64 nfup_time;
/* low bits of bpf_jiffies64(): when the entry was last looked at */
typedef __u32 nfup_jiffies;

#define NFUP_MAX_SLOTS 4096    /* prog array: nodes of all kept generations, hosted programs */
#define NFUP_MAX_COUNTERS 1024 /* node names that an NF has had counters for */
#define NFUP_MAX_PORTS 64      /* devices of one NF */
#define NFUP_MAX_OUTPUTS 32    /* outputs of one node */
#define NFUP_MAX_DEPTH 33      /* tail calls on one path: MAX_TAIL_CALL_CNT */
#define NFUP_MAX_REASONS 64    /* drop reasons and events (drop_reasons.h) that a counter has room for */

#define NFUP_ROOT_SLOT 0
/* from here on a slot for each port: the program that gets what the NF hands to the
 * host on that port (docs/devices.md); mostly empty */
#define NFUP_HOST_SLOTS (NFUP_MAX_SLOTS - NFUP_MAX_PORTS)
#define NFUP_NO_SLOT 0xffffffffu /* an output that the intent left open */

/* Who talks to whom. IPv4 addresses are mapped (::ffff:a.b.c.d, RFC 4291
 * §2.5.5.2), so that one table serves both families. Ports are in network
 * order; 0 for protocols without ports and for later fragments. ICMP queries and
 * their replies use the identifier as both ports. */
struct flow_key {
	nfup_addr saddr;
	nfup_addr daddr;
	__be16 sport;
	__be16 dport;
	nfup_proto proto; /* of the transport header */
	__u8 family;      /* 4 or 6 */
	__u16 zero;
};
NFUP_ASSERT(sizeof(struct flow_key) == 40, "no padding in a map key");

/* bits of pkt.flags */
#define PKT_FRAGMENT 0x01       /* part of a fragmented datagram */
#define PKT_LATER_FRAGMENT 0x02 /* not its first part: no transport header */
#define PKT_HAS_PORTS 0x04      /* flow.sport and flow.dport are real */
#define PKT_HAS_ID 0x08         /* both are the identifier of an ICMP query (RFC 5508 §1.2) */
#define PKT_ICMP_ERROR 0x10     /* the flow is that of the packet in it: see ICMPErrorFlow */
#define PKT_FIX_SRC 0x20        /* made here: its source is to be the address it leaves by (FixIPSrc) */

/* One packet on its way through the nodes. Offsets are bytes from
 * xdp_md->data. FromDevice clears everything but `flow`, which only means
 * something after a node that provides `five-tuple`, and `next_hop`. */
struct pkt {
	__u16 l2;        /* where the frame starts that ToDevice sends */
	__u16 cursor;    /* Click's data pointer: what the next node looks at */
	__u16 l3;        /* IP header */
	__u16 l4;        /* transport header */
	__u16 payload;   /* first byte behind the transport header; PKT_ICMP_ERROR: the quoted transport header */
	__u16 l3_len;    /* bytes from l3 to the end of the IP datagram */
	__be16 ethertype; /* of what is at l3 */
	__u8 ip_proto;   /* IPPROTO_* at l4, behind IPv6 extension headers */
	__u8 flags;      /* PKT_* */
	__u16 port;      /* index of the NF port it came in by */
	__u8 paint;      /* Click's paint annotation */
	__u8 tcp_flags;  /* byte 13 of the TCP header, if there is one */
	__u32 mark;      /* for a chain's own use */
	struct flow_key flow;
	/* who the frame goes to next, IPv4 mapped: behind a node that provides
	 * `next-hop`. Last, for only routing looks at it. */
	nfup_addr next_hop;
};
NFUP_ASSERT(__builtin_offsetof(struct pkt, next_hop) == 64, "what every node looks at fits a cache line");
NFUP_ASSERT(sizeof(struct pkt) == 80, "no padding in a map value");

/* Per node name and CPU. */
struct node_counters {
	__u64 packets;
	__u64 bytes; /* frame bytes as received by the node */
	__u64 drops[NFUP_MAX_REASONS]; /* packets and events, as drop_reasons.h has them */
};
NFUP_ASSERT(sizeof(struct node_counters) == 16 + 8 * NFUP_MAX_REASONS, "no padding in a map value");

#endif
