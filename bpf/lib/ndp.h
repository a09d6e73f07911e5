/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Neighbour discovery (RFC 4861): solicitations and advertisements. */
#ifndef NFUP_NDP_H
#define NFUP_NDP_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>

#include "../bytes.h"
#include "../contract.h"
#include "ether.h"
#include "icmp.h"

/* With the one option that is of interest (RFC 4861 §4.3, §4.4). */
struct neighbour_message {
	__u8 type;
	__u8 code;
	__u16 check;
	__be32 flags;
	struct in6_addr target;
	__u8 option;
	__u8 option_length; /* in units of 8 bytes */
	struct mac mac;
};
_Static_assert(sizeof(struct neighbour_message) == 32, "as on the wire");

#define NDP_WITHOUT_OPTION 24 /* bytes */
#define NDP_HOP_LIMIT 255     /* from this link: nobody has forwarded it */
#define NDP_SOURCE_ADDRESS 1  /* options */
#define NDP_TARGET_ADDRESS 2

static __always_inline int is_unspecified(const struct in6_addr *a)
{
	return !(a->s6_addr32[0] | a->s6_addr32[1] | a->s6_addr32[2] | a->s6_addr32[3]);
}

/* NULL: the packet is none, or must be ignored (RFC 4861 §7.1). The checksum is for
 * CheckICMPHeader. Up to the option: there may be none. */
static __always_inline struct neighbour_message *neighbour_message(struct xdp_md *ctx, const struct pkt *p)
{
	const struct ipv6hdr *ip = at(ctx, p->l3, sizeof(*ip));
	struct neighbour_message *m = at(ctx, p->l4, NDP_WITHOUT_OPTION);

	if (!ip || !m || p->ethertype != bpf_htons(ETH_P_IPV6) || p->ip_proto != IPPROTO_ICMPV6 ||
	    p->l4 != p->l3 + sizeof(*ip) || p->l3_len < sizeof(*ip) + NDP_WITHOUT_OPTION ||
	    ip->hop_limit != NDP_HOP_LIMIT || m->code || m->target.s6_addr[0] == 0xff)
		return 0;
	return m->type == ICMP6_SOLICITATION || m->type == ICMP6_ADVERTISEMENT ? m : 0;
}

#endif
