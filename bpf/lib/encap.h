/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An outer IP header in front of an IP packet (RFC 2003, RFC 2473, RFC 4213), or in front of
 * what a class puts between the two. */
#ifndef NFUP_ENCAP_H
#define NFUP_ENCAP_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "check.h"
#include "checksum.h"
#include "flow_hash.h"
#include "link_header.h"
#include "room.h"
#include "tos.h"

/* Type "addr". */
struct address {
	__be32 word[4];
};

static __always_inline int address_is_ip4(const struct address *a)
{
	return !a->word[0] && !a->word[1] && a->word[2] == bpf_htonl(0xffff);
}

#define TUNNEL_COPIES_DSCP 64 /* one more than there are */
#define IP_DF 0x4000

/* What the class's arguments say. */
struct tunnel {
	struct address src; /* says the outer family */
	struct address dst; /* `::`: where the packet's flow goes */
	__u32 mtu;	    /* of the outer datagram */
	__u8 ttl;
	__u8 dscp; /* or TUNNEL_COPIES_DSCP */
};

/* Atomic datagrams need no identification (RFC 6864 section 4.1): none of them is ever
 * fragmented, since what is too long for the MTU has been refused. */
static __always_inline void write_outer4(struct iphdr *ip, const struct flow_key *flow, __u32 total, __u8 ttl, __u8 tos)
{
	*ip = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tos = tos,
		.tot_len = bpf_htons(total),
		.frag_off = bpf_htons(IP_DF),
		.ttl = ttl,
		.protocol = flow->proto,
		.saddr = *(__be32 *)(flow->saddr + 12),
		.daddr = *(__be32 *)(flow->daddr + 12),
	};
	ip->check = ~csum_fold(csum_words((__u32 *)ip, sizeof(*ip)));
}

/* The flow label tells the flows within the tunnel apart (RFC 6438). */
static __always_inline void write_outer6(struct ipv6hdr *ip, const struct flow_key *flow, __u32 total, __u8 ttl,
					 __u8 tos, __u32 label)
{
	*(__be32 *)ip = bpf_htonl(6u << 28 | (__u32)tos << 20 | (label & 0xfffff));
	ip->payload_len = bpf_htons(total - sizeof(*ip));
	ip->nexthdr = flow->proto;
	ip->hop_limit = ttl;
	__builtin_memcpy(&ip->saddr, flow->saddr, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, flow->daddr, sizeof(ip->daddr));
}

/* The flow becomes that of the outer header. False: its ends are of different families. */
static __always_inline int set_outer_flow(struct flow_key *flow, const struct tunnel *t, int outer4, __u8 proto)
{
	struct address dst = t->dst;

	if (!(dst.word[0] | dst.word[1] | dst.word[2] | dst.word[3]))
		__builtin_memcpy(&dst, flow->daddr, sizeof(dst));
	if (address_is_ip4(&dst) != outer4)
		return 0;
	__builtin_memcpy(flow->saddr, &t->src, sizeof(flow->saddr));
	__builtin_memcpy(flow->daddr, &dst, sizeof(flow->daddr));
	flow->sport = flow->dport = 0;
	flow->proto = proto;
	flow->family = outer4 ? 4 : 6;
	return 1;
}

/* Puts the outer header, and `between` bytes that are left to the class, in front of the
 * IP packet; the link-layer header moves along. ECN is copied (RFC 6040 section 4.1, normal
 * mode). The inner TTL stays: DecIPTTL is for those who forward. `p` then describes the outer
 * packet, which begins at the cursor. PASSED, or why not. */
static __always_inline int encapsulate(struct xdp_md *ctx, struct pkt *p, const struct tunnel *t, __u32 between,
				       __u8 proto)
{
	int inner4 = p->ethertype == bpf_htons(ETH_P_IP), outer4 = address_is_ip4(&t->src);
	__u32 size = (outer4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) + between, total = size + p->l3_len;
	__be16 *header = at(ctx, p->l3, sizeof(*header)), type = bpf_htons(outer4 ? ETH_P_IP : ETH_P_IPV6);
	__u32 link = p->l3 - p->l2, label = symmetric_hash(p), inner;
	void *outer;
	__u8 tos;

	if (!header)
		return NFUP_DROP_TRUNCATED;
	if (total > t->mtu)
		return NFUP_DROP_TOO_BIG;
	tos = read_tos(header, inner4);
	if (t->dscp != TUNNEL_COPIES_DSCP)
		tos = t->dscp << 2 | (tos & ECN_MASK);
	if (!set_outer_flow(&p->flow, t, outer4, proto))
		return NFUP_DROP_UNTRANSLATABLE;
	if (!make_room(ctx, p, size))
		return NFUP_DROP_HEADROOM;
	inner = p->l3;
	if (!move_link_header(ctx, inner - link, p->l2, link, type))
		return NFUP_DROP_TRUNCATED;

	p->l3 = p->cursor = inner - size;
	p->l4 = inner - between;
	p->payload = inner;
	p->l3_len = total;
	p->ethertype = type;
	p->ip_proto = proto;
	p->flags = 0;
	outer = at(ctx, p->l3, outer4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	if (!outer)
		return NFUP_DROP_TRUNCATED;
	if (outer4)
		write_outer4(outer, &p->flow, total, t->ttl, tos);
	else
		write_outer6(outer, &p->flow, total, t->ttl, tos, label);
	return PASSED;
}

/* How such a class ends; a packet that is too long leaves as it came. */
#define ENCAPSULATED(finding)                                                                       \
	({                                                                                          \
		int finding_ = (finding);                                                           \
                                                                                                    \
		finding_ == PASSED		   ? NEXT(0)                                        \
		: finding_ == NFUP_DROP_TOO_BIG ? NEXT_OR_DROP(1, NFUP_DROP_TOO_BIG) : DROP_FOR(finding_); \
	})

/* The parameters that such classes have. */
#define NFUP_TUNNEL_PARAMS                                                                                           \
	NFUP_PARAM(struct address, SRC, "addr", REQUIRED, "", "where the tunnel begins; says the outer family");     \
	NFUP_PARAM(struct address, DST, "addr", "::", "", "where it ends; unless given, where the flow goes");       \
	NFUP_PARAM(__u8, TTL, "int", "64", "1..255", "TTL or hop limit of the outer header");                        \
	NFUP_PARAM(__u8, DSCP, "int", "64", "0..63", "of the outer header; unless given, the inner one's");          \
	NFUP_PARAM(__u32, MTU, "size", "1500", "68..65535", "of the path to DST: the outer packet is no longer than this")

/* A constant may not be copied as a whole: it is volatile. */
#define TUNNEL                                                                                       \
	{                                                                                            \
		{{SRC.word[0], SRC.word[1], SRC.word[2], SRC.word[3]}},                              \
			{{DST.word[0], DST.word[1], DST.word[2], DST.word[3]}}, MTU, TTL, DSCP       \
	}

#endif
