/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/checksum.h"
#include "lib/icmp.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

NFUP_OUTPUTS("reply, other?");
NFUP_REQUIRES("ip-header, five-tuple");

#define REPLY_TTL 64

/* To one host, in one piece. An ICMP header that is cut short is nobody's request. */
static __always_inline struct icmp_header *find_request(struct xdp_md *ctx, const struct pkt *p, int ip4)
{
	struct icmp_header *icmp = at(ctx, p->l4, sizeof(*icmp));
	__u8 first = p->flow.daddr[ip4 ? 12 : 0];

	if (!icmp || p->l4 + ICMP_HEADER > p->l3 + p->l3_len || p->flags & PKT_FRAGMENT)
		return 0;
	if (p->ip_proto != (ip4 ? IPPROTO_ICMP : IPPROTO_ICMPV6) || first >= (ip4 ? 224 : 255))
		return 0;
	return icmp->type == (ip4 ? ICMP_ECHO : ICMP6_ECHO) && !icmp->code ? icmp : 0;
}

/* The addresses change places, which no sum minds. */
static __always_inline void turn4(struct iphdr *ip)
{
	__be16 *word = (__be16 *)&ip->ttl, old = *word; /* with the protocol */
	__be32 source = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = source;
	ip->ttl = REPLY_TTL;
	ip->check = csum_replace(ip->check, old, *word);
}

static __always_inline void turn6(struct ipv6hdr *ip)
{
	struct in6_addr source = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = source;
	ip->hop_limit = REPLY_TTL;
}

static __always_inline void turn_flow(struct flow_key *flow)
{
	struct in6_addr source;

	__builtin_memcpy(&source, flow->saddr, sizeof(source));
	__builtin_memcpy(flow->saddr, flow->daddr, sizeof(flow->saddr));
	__builtin_memcpy(flow->daddr, &source, sizeof(source));
}

NFUP_MODULE(ICMPPingResponder, "Turn echo requests into replies, IPv4 and IPv6; all else goes to the other output")
{
	int ip4 = p->ethertype == bpf_htons(ETH_P_IP);
	struct icmp_header *icmp = find_request(ctx, p, ip4);
	__be16 *word, old;
	void *ip;

	if (!icmp)
		return NEXT_OR_DROP(1, NFUP_DROP_NO_MATCH);
	word = (__be16 *)icmp; /* type and code */
	old = *word;
	icmp->type = ip4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY;
	icmp->check = csum_replace(icmp->check, old, *word);
	if (ip4) {
		ip = at(ctx, p->l3, sizeof(struct iphdr));
		if (!ip)
			return DROP(TRUNCATED);
		turn4(ip);
	} else {
		ip = at(ctx, p->l3, sizeof(struct ipv6hdr));
		if (!ip)
			return DROP(TRUNCATED);
		turn6(ip);
	}
	turn_flow(&p->flow);
	return NEXT(0);
}
