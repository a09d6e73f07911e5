/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/arp.h"
#include "lib/checksum.h"
#include "lib/ndp.h"

NFUP_PARAM(struct in6_addr, IPADDR, "addr", REQUIRED, "", "the address of the port that asks");
NFUP_PARAM(struct mac, MAC, "mac", REQUIRED, "", "the link-layer address of that port");
NFUP_OUTPUTS("query");
NFUP_REQUIRES("ip-header, next-hop");

/* The frame ends `size` bytes behind the link-layer header, which keeps its tags. */
static __always_inline int resize(struct xdp_md *ctx, const struct pkt *p, __u32 size)
{
	return !bpf_xdp_adjust_tail(ctx, (int)(p->l3 + size) - (int)frame_length(ctx));
}

static __always_inline int address_frame(struct xdp_md *ctx, const struct pkt *p, __be16 type, const __u8 *to)
{
	struct ethhdr *eth = at(ctx, p->l2, sizeof(*eth));
	__be16 *ethertype = at(ctx, p->l3 - 2, 2);

	if (!eth || !ethertype)
		return 0;
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_dest[i] = to[i];
		eth->h_source[i] = MAC.byte[i];
	}
	*ethertype = type;
	return 1;
}

static __always_inline int ask4(struct xdp_md *ctx, struct pkt *p)
{
	const __u8 broadcast[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	__be32 ours = IPADDR.s6_addr32[3];
	struct arp *a;

	if (!resize(ctx, p, sizeof(*a)) || !address_frame(ctx, p, bpf_htons(ETH_P_ARP), broadcast))
		return 0;
	a = at(ctx, p->l3, sizeof(*a));
	if (!a)
		return 0;
	*a = (struct arp){
		.hardware = bpf_htons(ARP_ETHERNET),
		.protocol = bpf_htons(ETH_P_IP),
		.hardware_length = ETH_ALEN,
		.protocol_length = 4,
		.operation = bpf_htons(ARP_REQUEST),
	};
	for (int i = 0; i < ETH_ALEN; i++)
		a->sender.byte[i] = MAC.byte[i];
	__builtin_memcpy(a->sender_ip, &ours, 4);
	__builtin_memcpy(a->target_ip, p->next_hop + 12, 4);
	return 1;
}

/* To the group that the next hop has joined for this (RFC 4291 §2.7.1). */
static __always_inline int ask6(struct xdp_md *ctx, struct pkt *p)
{
	const __u8 *hop = p->next_hop;
	const __u8 group[ETH_ALEN] = {0x33, 0x33, 0xff, hop[13], hop[14], hop[15]};
	struct neighbour_message *m;
	struct ipv6hdr *ip;
	__u64 sum;

	if (!resize(ctx, p, sizeof(*ip) + sizeof(*m)) || !address_frame(ctx, p, bpf_htons(ETH_P_IPV6), group))
		return 0;
	ip = at(ctx, p->l3, sizeof(*ip) + sizeof(*m));
	if (!ip)
		return 0;
	m = (struct neighbour_message *)(ip + 1);
	*(__be32 *)ip = bpf_htonl(6u << 28);
	ip->payload_len = bpf_htons(sizeof(*m));
	ip->nexthdr = IPPROTO_ICMPV6;
	ip->hop_limit = NDP_HOP_LIMIT;
	for (int i = 0; i < 4; i++)
		ip->saddr.s6_addr32[i] = IPADDR.s6_addr32[i];
	ip->daddr.s6_addr32[0] = bpf_htonl(0xff020000);
	ip->daddr.s6_addr32[1] = 0;
	ip->daddr.s6_addr32[2] = bpf_htonl(1);
	__builtin_memcpy(&ip->daddr.s6_addr32[3], hop + 12, 4);
	ip->daddr.s6_addr[12] = 0xff;
	m->type = ICMP6_SOLICITATION;
	m->code = 0;
	m->check = 0;
	m->flags = 0;
	__builtin_memcpy(&m->target, hop, sizeof(m->target));
	m->option = NDP_SOURCE_ADDRESS;
	m->option_length = 1;
	for (int i = 0; i < ETH_ALEN; i++)
		m->mac.byte[i] = MAC.byte[i];
	sum = csum_words(ip->saddr.s6_addr32, 32) + csum_words((__u32 *)m, sizeof(*m));
	m->check = ~csum_fold(sum + bpf_htonl(sizeof(*m)) + bpf_htonl(IPPROTO_ICMPV6));
	return 1;
}

static __always_inline int is_mapped(const volatile __be32 *address)
{
	return !address[0] && !address[1] && address[2] == bpf_htonl(0xffff);
}

NFUP_MODULE(AskNeighbour, "Turn each packet into the question for its next hop's link-layer address; one to the other IP version passes as it is")
{
	int ip4 = is_mapped(IPADDR.s6_addr32), done = 1;

	if (is_mapped((__be32 *)p->next_hop) == ip4)
		done = ip4 ? ask4(ctx, p) : ask6(ctx, p);
	if (!done)
		return DROP(HEADROOM);
	return NEXT(0);
}
