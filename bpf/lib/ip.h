/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What CheckIPHeader and CheckIP6Header share: protocol numbers, the rules for
 * fragments and the flow's ports. */
#ifndef NFUP_IP_H
#define NFUP_IP_H

#include <bpf/bpf_endian.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>

#include "../nfup.h"
#include "check.h"
#include "icmp.h"

/* A datagram may not end behind this byte once it is put together. */
#define IP_MAX_DATAGRAM 65535

/* The fewest bytes of a TCP header that its first fragment must hold, up to and
 * with the flags (RFC 3128 §4), so that a filter sees ports and flags. */
#define TCP_MIN_FIRST_FRAGMENT 16

/* Fragments made to slip past filters, or to overflow reassembly (RFC 1858,
 * RFC 3128). `offset` and `length`: of this part in the datagram's payload. */
static __always_inline int check_fragment(__u8 proto, __u32 offset, int more, __u32 length)
{
	if (offset + length > IP_MAX_DATAGRAM)
		return NFUP_DROP_BAD_FRAGMENT;
	if (proto == IPPROTO_TCP) {
		/* would overwrite the flags of the first part */
		if (offset == 8)
			return NFUP_DROP_BAD_FRAGMENT;
		if (!offset && more && length < TCP_MIN_FIRST_FRAGMENT)
			return NFUP_DROP_BAD_FRAGMENT;
	}
	return PASSED;
}

/* The ports of the flow, once p->l4, p->ip_proto and p->flags are set. A
 * datagram too short for them is left without: that is for the protocol's own
 * check to refuse. */
static __always_inline void set_flow_ports(struct xdp_md *ctx, struct pkt *p)
{
	__u32 l4 = p->l4, end = p->l3 + p->l3_len;
	__u8 *b;

	p->flow.sport = 0;
	p->flow.dport = 0;
	if (p->flags & PKT_LATER_FRAGMENT)
		return;
	switch (p->ip_proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
		b = at(ctx, l4, 4);
		if (!b || l4 + 4 > end)
			return;
		p->flow.sport = *(__be16 *)b;
		p->flow.dport = *(__be16 *)(b + 2);
		p->flags |= PKT_HAS_PORTS;
		return;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		b = at(ctx, l4, 8);
		if (!b || l4 + 8 > end)
			return;
		if (icmp_has_id(p->ip_proto, b[0])) {
			p->flow.sport = *(__be16 *)(b + 4);
			p->flow.dport = p->flow.sport;
			p->flags |= PKT_HAS_ID;
		}
		return;
	}
}

#endif
