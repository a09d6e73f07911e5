/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What ICMPError and ICMP6Error share: the packet at hand becomes the quote in a
 * message about it. */
#ifndef NFUP_ICMP_ERROR_H
#define NFUP_ICMP_ERROR_H

#include <linux/if_ether.h>

#include "../nfup.h"
#include "icmp.h"
#include "vlan.h"

#define ICMP_ERROR_TTL 64
#define MAX_LINK_HEADER (ETH_HLEN + 2 * VLAN_TAG)

/* To more than one host. */
static __always_inline int to_link_group(struct xdp_md *ctx, const struct pkt *p)
{
	const __u8 *destination = at(ctx, p->l2, 1);

	return p->l3 >= p->l2 + ETH_HLEN && destination && (*destination & 1);
}

/* The frame ends behind the first `most` bytes of the datagram; returns how many there are. */
static __always_inline int cut_quote(struct xdp_md *ctx, const struct pkt *p, __u32 most)
{
	__u32 quoted = p->l3_len < most ? p->l3_len : most, end = p->l3 + quoted, frame = frame_length(ctx);

	if (frame > end && bpf_xdp_adjust_tail(ctx, -(int)(frame - end)))
		return -1;
	return quoted;
}

/* `size` bytes of room between the link-layer header, which moves, and the
 * datagram. p->l2 and p->l3 say where they are again. */
static __always_inline int open_gap(struct xdp_md *ctx, const struct pkt *p, __u32 size)
{
	__u32 link = p->l3 - p->l2;
	__u16 *from, *to;

	if (link > MAX_LINK_HEADER || bpf_xdp_adjust_head(ctx, -(int)size))
		return 0;
	for (__u32 i = 0; i + 2 <= MAX_LINK_HEADER; i += 2) {
		if (i >= link)
			break;
		from = at(ctx, p->l2 + size + i, 2);
		to = at(ctx, p->l2 + i, 2);
		if (!from || !to)
			return 0;
		*to = *from;
	}
	return 1;
}

/* The packet is the error now, of `length` bytes, with a transport header at `l4`. */
static __always_inline void become_error(struct pkt *p, __u32 header, __u32 length, __u8 proto)
{
	p->cursor = p->l3;
	p->l4 = p->l3 + header;
	p->payload = p->l4 + ICMP_HEADER;
	p->l3_len = length;
	p->ip_proto = proto;
	p->flags = PKT_FIX_SRC;
	p->tcp_flags = 0;
	__builtin_memcpy(p->flow.daddr, p->flow.saddr, sizeof(p->flow.daddr));
	p->flow.sport = 0;
	p->flow.dport = 0;
	p->flow.proto = proto;
}

#endif
