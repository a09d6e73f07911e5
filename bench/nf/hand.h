/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the hand-written functions share: one program each that does the work of a
 * whole chain, the way its author would write it without nfup: the packet's context in
 * registers and on the stack, one counter. They make the same checks, keep the same
 * state and give out the same frames; what the bench does not send (fragments, IPv6
 * extension headers, ICMP, ARP) they drop where the chain would go on to look. */
#ifndef NFUP_BENCH_HAND_H
#define NFUP_BENCH_HAND_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "nfup.h"
#include "lib/checksum.h"
#include "lib/ip.h"
#include "lib/ports.h"
#include "lib/tcp.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum hand_port { INSIDE, OUTSIDE };
const volatile __u32 inside_ifindex; /* of port 0; else it is port 1 */

static __always_inline enum hand_port hand_port(struct xdp_md* ctx)
{
	return ctx->ingress_ifindex == inside_ifindex ? INSIDE : OUTSIDE;
}

static __always_inline int hand_send(enum hand_port port)
{
	int verdict = bpf_redirect_map(&ports, port, 0);

	return verdict == XDP_REDIRECT ? verdict : DROP(NO_DEVICE);
}

static __always_inline int hand_parse4(struct xdp_md* ctx, struct pkt* p)
{
	struct iphdr* ip = at(ctx, ETH_HLEN, sizeof(*ip));
	const __u32* word = (const __u32*)ip;
	__u32 *s = (__u32*)p->flow.saddr, *d = (__u32*)p->flow.daddr;
	__u32 total;

	if (!ip)
		return NFUP_DROP_TRUNCATED;
	total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4)
		return NFUP_DROP_BAD_IP_VERSION;
	if (ip->ihl != 5)
		return NFUP_DROP_BAD_IP_OPTION;
	if (total < sizeof(*ip) || ETH_HLEN + total > frame_length(ctx))
		return NFUP_DROP_BAD_IP_LENGTH;
	if (csum_fold((__u64)word[0] + word[1] + word[2] + word[3] + word[4]) != 0xffff)
		return NFUP_DROP_BAD_IP_CHECKSUM;
	if (ip->saddr == 0 || ip->saddr == 0xffffffff)
		return NFUP_DROP_BAD_SOURCE;
	if (ip->frag_off & bpf_htons(0x3fff))
		return NFUP_DROP_BAD_FRAGMENT;
	s[0] = s[1] = d[0] = d[1] = 0;
	s[2] = d[2] = bpf_htonl(0xffff);
	s[3] = ip->saddr;
	d[3] = ip->daddr;
	p->l4 = ETH_HLEN + sizeof(*ip);
	p->l3_len = total;
	p->ip_proto = p->flow.proto = ip->protocol;
	p->flow.family = 4;
	return PASSED;
}

static __always_inline int hand_bad_source6(const struct in6_addr* a)
{
	const __be32* w = a->s6_addr32;

	return a->s6_addr[0] == 0xff ||
	       (!w[0] && !w[1] && (w[2] == bpf_htonl(0xffff) || (!w[2] && w[3] == bpf_htonl(1))));
}

static __always_inline int hand_parse6(struct xdp_md* ctx, struct pkt* p)
{
	struct ipv6hdr* ip = at(ctx, ETH_HLEN, sizeof(*ip));
	__u32 total;

	if (!ip)
		return NFUP_DROP_TRUNCATED;
	total = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (ip->version != 6)
		return NFUP_DROP_BAD_IP_VERSION;
	if (ETH_HLEN + total > frame_length(ctx))
		return NFUP_DROP_BAD_IP_LENGTH;
	if (hand_bad_source6(&ip->saddr))
		return NFUP_DROP_BAD_SOURCE;
	__builtin_memcpy(p->flow.saddr, &ip->saddr, 16);
	__builtin_memcpy(p->flow.daddr, &ip->daddr, 16);
	p->l4 = ETH_HLEN + sizeof(*ip);
	p->l3_len = total;
	p->ip_proto = p->flow.proto = ip->nexthdr;
	p->flow.family = 6;
	return PASSED;
}

/* Ethernet, IP and the ports, into a context that is zero. PASSED, or why not. */
static __always_inline int hand_parse(struct xdp_md* ctx, struct pkt* p)
{
	struct ethhdr* eth = at(ctx, 0, sizeof(*eth));
	int finding;
	__be16* l4;

	if (!eth)
		return NFUP_DROP_TRUNCATED;
	p->l3 = ETH_HLEN;
	p->ethertype = eth->h_proto;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		finding = hand_parse4(ctx, p);
	else if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		finding = hand_parse6(ctx, p);
	else
		return NFUP_DROP_WRONG_PROTOCOL;
	if (finding != PASSED)
		return finding;
	if (p->ip_proto != IPPROTO_TCP && p->ip_proto != IPPROTO_UDP)
		return NFUP_DROP_WRONG_PROTOCOL;
	l4 = at(ctx, p->l4, 8);
	if (!l4 || p->l4 + 8 > p->l3 + p->l3_len)
		return NFUP_DROP_TRUNCATED;
	p->flow.sport = l4[0];
	p->flow.dport = l4[1];
	p->flags = PKT_HAS_PORTS;
	return PASSED;
}

/* Of TCP and UDP, without their checksums. */
static __always_inline int hand_check_transport(struct xdp_md* ctx, struct pkt* p)
{
	__u32 room = p->l3 + p->l3_len - p->l4, length;
	__u8* b;

	if (p->ip_proto == IPPROTO_UDP) {
		b = at(ctx, p->l4, 8);
		if (!b)
			return NFUP_DROP_TRUNCATED;
		length = bpf_ntohs(*(__be16*)(b + 4));
		return length < 8 || length > room ? NFUP_DROP_BAD_L4_LENGTH : PASSED;
	}
	b = at(ctx, p->l4, TCP_HEADER);
	if (!b || room < TCP_HEADER)
		return NFUP_DROP_TRUNCATED;
	length = (b[12] >> 4) * 4;
	if (length < TCP_HEADER || length > room)
		return NFUP_DROP_BAD_L4_LENGTH;
	return tcp_flags_sensible(b[13]) ? PASSED : NFUP_DROP_BAD_TCP_FLAGS;
}

/* A function: what it makes of a packet, PASSED or why not; it goes to the other side. */
#define HAND(body)                                                                                                     \
	SEC("xdp")                                                                                                     \
	int hand(struct xdp_md* ctx)                                                                                   \
	{                                                                                                              \
		enum hand_port from = hand_port(ctx);                                                                  \
		struct pkt p = {};                                                                                     \
		int finding;                                                                                           \
                                                                                                                       \
		nfup_count_packet(ctx);                                                                                \
		finding = body(ctx, &p, from);                                                                         \
		if (finding != PASSED)                                                                                 \
			return DROP_FOR(finding);                                                                      \
		return hand_send(from == INSIDE ? OUTSIDE : INSIDE);                                                   \
	}

#endif
