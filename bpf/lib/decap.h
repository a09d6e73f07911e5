/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking an IP packet out of the tunnel it came through. */
#ifndef NFUP_DECAP_H
#define NFUP_DECAP_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "../bytes.h"
#include "../contract.h"
#include "check.h"
#include "link_header.h"
#include "tos.h"

/* The ECN of a packet that leaves its tunnel (RFC 6040 figure 4). Negative: drop it, for
 * congestion was met, and its ends could not hear of it. */
static __always_inline int ecn_behind_tunnel(__u8 inner, __u8 outer)
{
	if (inner == ECN_NOT_ECT)
		return outer == ECN_CE ? -1 : ECN_NOT_ECT;
	if (outer == ECN_CE)
		return ECN_CE;
	return inner == ECN_ECT0 && outer == ECN_ECT1 ? ECN_ECT1 : inner;
}

/* The inner packet, of the EtherType `type`, begins at `inner`. It keeps its DSCP
 * (RFC 2983, pipe model). `p` then has it at the cursor, and knows nothing else of it.
 * PASSED, or why not. */
static __always_inline int decapsulate(struct xdp_md *ctx, struct pkt *p, __u32 inner, __be16 type)
{
	int inner4 = type == bpf_htons(ETH_P_IP), outer4 = p->ethertype == bpf_htons(ETH_P_IP), ecn;
	__be16 *outer_header = at(ctx, p->l3, sizeof(*outer_header)), *header = at(ctx, inner, sizeof(struct iphdr));
	__u32 end = p->l3 + p->l3_len, link = p->l3 - p->l2, length;
	__u8 tos;

	if (!outer_header || !header || inner + (inner4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) > end)
		return NFUP_DROP_TRUNCATED;
	if (*(__u8 *)header >> 4 != (inner4 ? 4 : 6))
		return NFUP_DROP_BAD_IP_VERSION;
	/* the outer datagram may be shorter than the frame, and the inner one must be in it */
	length = inner4 ? bpf_ntohs(header[1]) : sizeof(struct ipv6hdr) + bpf_ntohs(header[2]);
	if (inner + length > end)
		return NFUP_DROP_BAD_IP_LENGTH;
	tos = read_tos(header, inner4);
	ecn = ecn_behind_tunnel(tos & ECN_MASK, read_tos(outer_header, outer4) & ECN_MASK);
	if (ecn < 0)
		return NFUP_DROP_BAD_ECN;
	if (ecn != (tos & ECN_MASK))
		write_tos(header, inner4, (tos & ~ECN_MASK) | ecn);
	if (!move_link_header(ctx, p->l2, inner - link, link, type))
		return NFUP_DROP_TRUNCATED;
	p->l2 = inner - link;
	p->l3 = p->cursor = inner;
	p->ethertype = type;
	p->flags = 0;
	return PASSED;
}

#endif
