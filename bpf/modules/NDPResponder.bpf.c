/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/checksum.h"
#include "lib/ether.h"
#include "lib/ndp.h"
#include "lib/ranges.h"

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>

NFUP_PARAM(struct prefix, ADDRESSES, "prefix", REQUIRED, "", "the IPv6 addresses to answer for");
NFUP_PARAM(struct mac, MAC, "mac", REQUIRED, "", "the link-layer address that they have");
NFUP_OUTPUTS("reply, other?");
NFUP_REQUIRES("ip-header, five-tuple");

#define ROUTER 0x80000000u
#define SOLICITED 0x40000000u
#define OVERRIDE 0x20000000u

static __always_inline int asks_for_us(struct xdp_md *ctx, const struct pkt *p)
{
	const struct neighbour_message *asked = neighbour_message(ctx, p);

	return asked && asked->type == ICMP6_SOLICITATION && in_prefix(asked->target.s6_addr32, &ADDRESSES);
}

/* To who asked; to all nodes if it has no address yet, for then it tests whether the
 * address is free (RFC 4861 §7.2.4). */
static __always_inline int make_reply(struct xdp_md *ctx, struct pkt *p)
{
	const __u32 size = sizeof(struct ipv6hdr) + sizeof(struct neighbour_message);
	const struct in6_addr all_nodes = {.s6_addr = {0xff, 2, [15] = 1}};
	int grow = (int)(p->l3 + size) - (int)frame_length(ctx), tests;
	struct neighbour_message *a;
	struct in6_addr asker;
	struct ethhdr *eth;
	struct ipv6hdr *ip;
	__u64 sum;

	if (bpf_xdp_adjust_tail(ctx, grow))
		return 0;
	eth = at(ctx, p->l2, sizeof(*eth));
	ip = at(ctx, p->l3, sizeof(*ip));
	a = at(ctx, p->l4, sizeof(*a));
	if (!eth || !ip || !a)
		return 0;
	tests = is_unspecified(&ip->saddr);
	asker = tests ? all_nodes : ip->saddr;
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_dest[i] = tests ? (i < 2 ? 0x33 : i == 5) : eth->h_source[i];
		eth->h_source[i] = MAC.byte[i];
		a->mac.byte[i] = MAC.byte[i];
	}
	a->type = ICMP6_ADVERTISEMENT;
	a->check = 0;
	a->flags = bpf_htonl(ROUTER | OVERRIDE | (tests ? 0 : SOLICITED));
	a->option = NDP_TARGET_ADDRESS;
	a->option_length = 1;
	ip->saddr = a->target;
	ip->daddr = asker;
	ip->payload_len = bpf_htons(sizeof(*a));
	sum = csum_words(ip->saddr.s6_addr32, 32) + csum_words((__u32 *)a, sizeof(*a));
	a->check = ~csum_fold(sum + bpf_htonl(sizeof(*a)) + bpf_htonl(IPPROTO_ICMPV6));
	p->l3_len = size;
	__builtin_memcpy(p->flow.saddr, &ip->saddr, sizeof(p->flow.saddr));
	__builtin_memcpy(p->flow.daddr, &asker, sizeof(p->flow.daddr));
	return 1;
}

NFUP_MODULE(NDPResponder, "Turn neighbour solicitations for ADDRESSES into advertisements; all else goes to the other output")
{
	if (!asks_for_us(ctx, p))
		return NEXT_OR_DROP(1, NFUP_DROP_NO_MATCH);
	if (!make_reply(ctx, p))
		return DROP(HEADROOM);
	return NEXT(0);
}
