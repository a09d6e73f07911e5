/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/checksum.h"
#include "lib/syn_cookie.h"

NFUP_OUTPUTS("challenge, other?");
NFUP_REQUIRES("five-tuple");

static __always_inline void swap32(__u32 *a, __u32 *b)
{
	__u32 kept = *a;

	*a = *b;
	*b = kept;
}

static __always_inline void swap_flow(struct pkt *p)
{
	__u32 *s = (__u32 *)p->flow.saddr, *d = (__u32 *)p->flow.daddr;
	__be16 port = p->flow.sport;

#pragma unroll
	for (int i = 0; i < 4; i++)
		swap32(s + i, d + i);
	p->flow.sport = p->flow.dport;
	p->flow.dport = port;
}

static __always_inline int turn_ethernet(struct xdp_md *ctx, const struct pkt *p)
{
	__u16 *mac = at(ctx, p->l2, 12), kept;

	if (!mac)
		return 0;
#pragma unroll
	for (int i = 0; i < 3; i++) {
		kept = mac[i];
		mac[i] = mac[3 + i];
		mac[3 + i] = kept;
	}
	return 1;
}

/* The header of the answer; returns its part of TCP's checksum, negative if there is no
 * room. Headers with options are not answered. */
static __always_inline __s64 turn_ip4(struct xdp_md *ctx, struct pkt *p)
{
	struct iphdr *ip = at(ctx, p->l3, sizeof(*ip));

	if (!ip || p->l4 != p->l3 + sizeof(*ip))
		return -1;
	swap32(&ip->saddr, &ip->daddr);
	ip->tos = 0;
	ip->tot_len = bpf_htons(sizeof(*ip) + TCP_HEADER);
	ip->id = 0;
	ip->frag_off = bpf_htons(0x4000); /* do not fragment */
	ip->ttl = 64;
	ip->check = 0;
	ip->check = ~csum_fold(csum_words((__u32 *)ip, sizeof(*ip)));
	p->l3_len = sizeof(*ip) + TCP_HEADER;
	return (__u64)ip->saddr + ip->daddr;
}

static __always_inline __s64 turn_ip6(struct xdp_md *ctx, struct pkt *p)
{
	struct ipv6hdr *ip = at(ctx, p->l3, sizeof(*ip));
	__u32 *s, *d;

	if (!ip || p->l4 != p->l3 + sizeof(*ip))
		return -1;
	s = ip->saddr.in6_u.u6_addr32;
	d = ip->daddr.in6_u.u6_addr32;
#pragma unroll
	for (int i = 0; i < 4; i++)
		swap32(s + i, d + i);
	ip->payload_len = bpf_htons(TCP_HEADER);
	ip->hop_limit = 64;
	p->l3_len = sizeof(*ip) + TCP_HEADER;
	return csum_words(s, 32);
}

static __always_inline int turn_tcp(struct xdp_md *ctx, const struct pkt *p, __u32 cookie, __u64 sum)
{
	struct tcphdr *tcp = at(ctx, p->l4, sizeof(*tcp));
	__be16 port;

	if (!tcp)
		return 0;
	port = tcp->source;
	tcp->source = tcp->dest;
	tcp->dest = port;
	tcp->seq = 0;
	tcp->ack_seq = bpf_htonl(cookie);
	((__u8 *)tcp)[12] = sizeof(*tcp) / 4 << 4;
	((__u8 *)tcp)[13] = TCP_SYN | TCP_ACK;
	tcp->window = 0;
	tcp->check = 0;
	tcp->urg_ptr = 0;
	sum += bpf_htons(IPPROTO_TCP) + bpf_htons(TCP_HEADER);
	tcp->check = ~csum_fold(sum + csum_words((__u32 *)tcp, sizeof(*tcp)));
	return 1;
}

/* True: the packet is the answer now. */
static __always_inline int challenge(struct xdp_md *ctx, struct pkt *p)
{
	__s64 cookie = syn_cookie(p), sum;
	__u32 size = p->l4 + TCP_HEADER, frame = ctx->data_end - ctx->data;

	if (cookie < 0)
		return 0;
	sum = p->flow.family == 4 ? turn_ip4(ctx, p) : turn_ip6(ctx, p);
	if (sum < 0 || !turn_tcp(ctx, p, cookie, sum) || !turn_ethernet(ctx, p))
		return 0;
	swap_flow(p);
	p->tcp_flags = TCP_SYN | TCP_ACK;
	p->payload = size;
	return frame <= size || !bpf_xdp_adjust_tail(ctx, -(int)(frame - size));
}

NFUP_MODULE(SYNChallenge, "Answer a SYN with an acknowledgement that its sender must reset, with a number only it can know")
{
	if (!is_tcp(p) || (tcp_flags(ctx, p) & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN)
		return NEXT_OR_DROP(1, NFUP_DROP_STATE_INVALID);
	if (!challenge(ctx, p))
		return DROP(TRUNCATED);
	return NEXT(0);
}
