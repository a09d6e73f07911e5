/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/ip6_extensions.h"

#include <linux/ipv6.h>

NFUP_PARAM(__u32, OFFSET, "size", "0", "0..2047", "bytes from the front of the packet to the IPv6 header");
NFUP_OUTPUTS("ok, bad?");
NFUP_PROVIDES("ip-header@0, five-tuple@0");

/* Multicast, loopback and IPv4-mapped addresses (RFC 4291, RFC 4942 §2.2). Not
 * `::`, which duplicate address detection sends from. */
static __always_inline int bad_source(const struct in6_addr *a)
{
	const __be32 *w = a->s6_addr32;

	if (a->s6_addr[0] == 0xff)
		return 1;
	if (w[0] || w[1])
		return 0;
	return w[2] == bpf_htonl(0xffff) || (w[2] == 0 && w[3] == bpf_htonl(1));
}

static __always_inline int check(struct xdp_md *ctx, struct pkt *p)
{
	__u32 l3 = p->cursor + OFFSET, frame = ctx->data_end - ctx->data;
	struct ipv6hdr *ip = at(ctx, l3, sizeof(*ip));
	struct ip6_walk walk = {};
	int finding;

	if (!ip)
		return NFUP_DROP_TRUNCATED;
	if (ip->version != 6)
		return NFUP_DROP_BAD_IP_VERSION;
	walk.offset = l3 + sizeof(*ip);
	walk.end = walk.offset + bpf_ntohs(ip->payload_len);
	walk.next = ip->nexthdr;
	if (walk.end > frame)
		return NFUP_DROP_BAD_IP_LENGTH;
	if (bad_source(&ip->saddr))
		return NFUP_DROP_BAD_SOURCE;
	__builtin_memcpy(p->flow.saddr, &ip->saddr, 16);
	__builtin_memcpy(p->flow.daddr, &ip->daddr, 16);
	finding = ip6_walk_extensions(ctx, &walk);
	if (finding != PASSED)
		return finding;

	p->l3 = l3;
	p->l4 = walk.offset;
	p->l3_len = walk.end - l3;
	p->ethertype = bpf_htons(ETH_P_IPV6);
	p->ip_proto = walk.next;
	p->flags = walk.flags;
	p->flow.proto = walk.next;
	p->flow.family = 6;
	p->flow.zero = 0;
	set_flow_ports(ctx, p);
	return PASSED;
}

NFUP_MODULE(CheckIP6Header, "Check the IPv6 header: version, length, source, extension headers; note its offsets and flow")
{
	return CHECKED(check(ctx, p));
}
