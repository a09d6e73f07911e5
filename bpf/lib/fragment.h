/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which part of which datagram a fragment is (RFC 791 section 3.2, RFC 8200 section 4.5). */
#ifndef NFUP_FRAGMENT_H
#define NFUP_FRAGMENT_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "ip6_extensions.h"

struct fragment {
	__be32 id;
	__u32 begin, end; /* in units of 8 bytes; the last one may be half full */
	__u32 is_last;
};

static __always_inline int read_fragment4(struct xdp_md *ctx, const struct pkt *p, struct fragment *f)
{
	struct iphdr *ip = at(ctx, p->l3, sizeof(*ip));
	__u32 field, length = p->l3 + p->l3_len - p->l4;

	if (!ip)
		return 0;
	field = bpf_ntohs(ip->frag_off);
	f->id = bpf_htonl(bpf_ntohs(ip->id));
	f->begin = field & 0x1fff;
	f->end = f->begin + (length + 7) / 8;
	f->is_last = !(field & 0x2000);
	return 1;
}

static __always_inline int read_fragment6(struct xdp_md *ctx, const struct pkt *p, struct fragment *f)
{
	struct ipv6hdr *ip = at(ctx, p->l3, sizeof(*ip));
	struct ip6_walk walk = {.offset = p->l3 + sizeof(*ip), .end = p->l3 + p->l3_len};
	__u32 field;
	__u8 *header;

	if (!ip)
		return 0;
	walk.next = ip->nexthdr;
	if (ip6_walk_extensions(ctx, &walk) != PASSED)
		return 0;
	header = at(ctx, walk.fragment, 8);
	if (!header || !walk.fragment)
		return 0;
	field = bpf_ntohs(*(__be16 *)(header + 2));
	f->id = *(__be32 *)(header + 4);
	f->begin = field >> 3;
	f->end = f->begin + (walk.end - walk.fragment - 8 + 7) / 8;
	f->is_last = !(field & 1);
	return 1;
}

/* Of a packet with PKT_FRAGMENT. False: it is none after all. Global, so that the verifier
 * looks at it once; it cannot know that `p` and `f` are there. */
__attribute__((noinline)) int read_fragment(struct xdp_md *ctx, const struct pkt *p, struct fragment *f)
{
	if (!p || !f)
		return 0;
	return p->ethertype == bpf_htons(ETH_P_IP) ? read_fragment4(ctx, p, f) : read_fragment6(ctx, p, f);
}

#endif
