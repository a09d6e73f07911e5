/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP flags (RFC 9293 §3.1): reading them and telling which sets make sense. */
#ifndef NFUP_TCP_H
#define NFUP_TCP_H

#include <linux/in.h>

#include "../nfup.h"

#define TCP_HEADER 20 /* bytes, without options */

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
};

/* What a stack sends, as connection tracking in Linux has it: PSH and the ECN
 * bits go with anything; URG with what can carry data. */
static __always_inline int tcp_flags_sensible(__u8 flags)
{
	const __u64 sensible = 1ull << TCP_SYN | 1ull << (TCP_SYN | TCP_URG) | 1ull << (TCP_SYN | TCP_ACK) |
			       1ull << TCP_RST | 1ull << (TCP_RST | TCP_ACK) | 1ull << (TCP_FIN | TCP_ACK) |
			       1ull << (TCP_FIN | TCP_ACK | TCP_URG) | 1ull << TCP_ACK |
			       1ull << (TCP_ACK | TCP_URG);

	return sensible >> (flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK | TCP_URG)) & 1;
}

/* Does the packet begin with a TCP header? Later fragments do not. */
static __always_inline int is_tcp(const struct pkt *p)
{
	return p->ip_proto == IPPROTO_TCP && !(p->flags & PKT_LATER_FRAGMENT);
}

/* The flags of a packet that is_tcp; negative if its header is cut short. */
static __always_inline int tcp_flags(struct xdp_md *ctx, const struct pkt *p)
{
	__u32 l4 = p->l4;
	__u8 *tcp = at(ctx, l4, TCP_HEADER);

	if (!tcp || l4 + TCP_HEADER > (__u32)p->l3 + p->l3_len)
		return -1;
	return tcp[13];
}

#endif
