/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Making headers agree with the packet's flow. Checksums are updated (RFC 1624),
 * so one that was wrong stays wrong, and none is computed over the data. */
#ifndef NFUP_REWRITE_H
#define NFUP_REWRITE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "checksum.h"
#include "nat_flow.h"

#define TCP_CHECK 16 /* offsets in the transport headers */
#define UDP_CHECK 6
#define ICMP_CHECK 2
#define ICMP_ID 4

/* Sets a word of the frame. What that changes in a sum: */
static __always_inline __u64 exchange32(__be32 *word, __be32 value)
{
	__u64 change = csum_change(*word, value);

	*word = value;
	return change;
}

static __always_inline __u64 exchange_ip6(struct in6_addr *addr, const __u8 *value)
{
	const __be32 *word = (const __be32 *)value;
	__u64 change = 0;

	for (int i = 0; i < 4; i++)
		change += exchange32(&addr->s6_addr32[i], word[i]);
	return change;
}

static __always_inline __u64 exchange16(__be16 *word, __be16 value)
{
	__u64 change = csum_change16(*word, value);

	*word = value;
	return change;
}

/* Updates a checksum for a change of what it covers. */
static __always_inline __u64 update(__be16 *check, __u64 change)
{
	return exchange16(check, csum_apply(*check, change));
}

/* UDP's may be absent, and is sent as ones when it comes out as zero (RFC 768). */
static __always_inline __u64 update_udp(__be16 *check, __u64 change)
{
	__u16 sum = csum_apply(*check, change);

	return *check ? exchange16(check, sum ? sum : 0xffff) : 0;
}

/* Ports and checksum of TCP and UDP, identifier and checksum of ICMP queries (and of all
 * ICMPv6, whose checksum covers the pseudo header, too), at `l4`; `addresses` is what changed in the pseudo header. False: the frame or
 * the datagram ends before. */
static __always_inline int rewrite_l4(struct xdp_md *ctx, const struct pkt *p, __u64 addresses)
{
	__u32 l4 = p->l4, room = p->l3 + p->l3_len - l4;
	__u8 proto = p->flow.proto;
	__u64 ports;
	__u8 *b;

	if (proto == IPPROTO_TCP) {
		b = at(ctx, l4, TCP_CHECK + 2);
		if (!b || room < TCP_CHECK + 2)
			return 0;
		ports = exchange16((__be16 *)b, p->flow.sport) + exchange16((__be16 *)(b + 2), p->flow.dport);
		update((__be16 *)(b + TCP_CHECK), addresses + ports);
		return 1;
	}
	if (proto == IPPROTO_UDP) {
		b = at(ctx, l4, UDP_CHECK + 2);
		if (!b || room < UDP_CHECK + 2)
			return 0;
		ports = exchange16((__be16 *)b, p->flow.sport) + exchange16((__be16 *)(b + 2), p->flow.dport);
		update_udp((__be16 *)(b + UDP_CHECK), addresses + ports);
		return 1;
	}
	if (proto == IPPROTO_ICMP && p->flags & PKT_HAS_ID) {
		b = at(ctx, l4, ICMP_HEADER);
		if (!b || room < ICMP_HEADER)
			return 0;
		update((__be16 *)(b + ICMP_CHECK), exchange16((__be16 *)(b + ICMP_ID), p->flow.sport));
	}
	if (proto == IPPROTO_ICMPV6) {
		b = at(ctx, l4, ICMP_HEADER);
		if (!b || room < ICMP_HEADER)
			return 0;
		ports = p->flags & PKT_HAS_ID ? exchange16((__be16 *)(b + ICMP_ID), p->flow.sport) : 0;
		update((__be16 *)(b + ICMP_CHECK), addresses + ports);
	}
	return 1;
}

/* The packet that an ICMP error quotes went the other way. Its transport header
 * may be cut off behind 8 bytes, before TCP's checksum. `addresses`: what changed in its IP
 * header's. Returns what changed in the transport header; negative: the frame ends before. */
static __always_inline __s64 rewrite_quoted_l4(struct xdp_md *ctx, const struct pkt *p, __u32 l4, __u64 addresses)
{
	__u8 *b = at(ctx, l4, 8), *tcp = at(ctx, l4, TCP_CHECK + 2);
	__u32 end = p->l3 + p->l3_len;
	__u64 ports, sum;

	if (!b)
		return -1;
	if (p->flags & PKT_HAS_ID) {
		ports = exchange16((__be16 *)(b + ICMP_ID), p->flow.sport);
		return ports + update((__be16 *)(b + ICMP_CHECK),
				      ports + (p->flow.proto == IPPROTO_ICMPV6 ? addresses : 0));
	}
	ports = exchange16((__be16 *)b, p->flow.dport) + exchange16((__be16 *)(b + 2), p->flow.sport);
	sum = ports;
	if (p->flow.proto == IPPROTO_UDP)
		sum += update_udp((__be16 *)(b + UDP_CHECK), addresses + ports);
	else if (tcp && l4 + TCP_CHECK + 2 <= end)
		sum += update((__be16 *)(tcp + TCP_CHECK), addresses + ports);
	return sum;
}

static __always_inline __s64 rewrite_quoted(struct xdp_md *ctx, const struct pkt *p, struct iphdr *quoted, __u32 offset)
{
	__u32 l4 = offset + quoted->ihl * 4;
	__u64 addresses, sum;
	__s64 rest;

	addresses = exchange32(&quoted->saddr, *flow_ip4((__u8 *)p->flow.daddr)) +
		    exchange32(&quoted->daddr, *flow_ip4((__u8 *)p->flow.saddr));
	sum = addresses + update(&quoted->check, addresses);
	rest = rewrite_quoted_l4(ctx, p, l4, addresses);
	return rest < 0 ? rest : (__s64)sum + rest;
}

/* An ICMP error goes to the source of the packet it quotes. If that packet's
 * destination changes, the error comes from inside: then it must not show which
 * host or router there sent it (RFC 5508 REQ-5). */
static __always_inline int rewrite_icmp_error(struct xdp_md *ctx, const struct pkt *p)
{
	struct iphdr *ip = at(ctx, p->l3, sizeof(*ip)), *quoted = at(ctx, p->l4 + ICMP_HEADER, sizeof(*quoted));
	__be32 from = *flow_ip4((__u8 *)p->flow.saddr), to = *flow_ip4((__u8 *)p->flow.daddr);
	__be16 *check = at(ctx, p->l4 + ICMP_CHECK, 2);
	__u64 addresses;
	__s64 change;

	if (!ip || !quoted || !check)
		return 0;
	if (quoted->daddr == from)
		from = ip->saddr;
	change = rewrite_quoted(ctx, p, quoted, p->l4 + ICMP_HEADER);
	if (change < 0)
		return 0;
	update(check, change);
	addresses = exchange32(&ip->saddr, from) + exchange32(&ip->daddr, to);
	update(&ip->check, addresses);
	return 1;
}

static __always_inline int same_ip6(const struct in6_addr *a, const __u8 *b)
{
	const __be32 *word = (const __be32 *)b;

	return !((a->s6_addr32[0] ^ word[0]) | (a->s6_addr32[1] ^ word[1]) | (a->s6_addr32[2] ^ word[2]) |
		 (a->s6_addr32[3] ^ word[3]));
}

/* Behind extension headers the quoted transport header is left as it is. */
static __always_inline int rewrite_icmp6_error(struct xdp_md *ctx, const struct pkt *p)
{
	struct ipv6hdr *ip = at(ctx, p->l3, sizeof(*ip)), *quoted = at(ctx, p->l4 + ICMP_HEADER, sizeof(*quoted));
	__u8 *check = at(ctx, p->l4 + ICMP_CHECK, 2), proto;
	__u64 addresses, change;
	__s64 rest = 0;
	int from_inside;

	if (!ip || !quoted || !check)
		return 0;
	proto = quoted->nexthdr;
	from_inside = !same_ip6(&quoted->daddr, p->flow.saddr);
	addresses = exchange_ip6(&quoted->saddr, p->flow.daddr) + exchange_ip6(&quoted->daddr, p->flow.saddr);
	change = addresses + exchange_ip6(&ip->daddr, p->flow.daddr);
	if (from_inside)
		change += exchange_ip6(&ip->saddr, p->flow.saddr);
	if (proto == p->flow.proto)
		rest = rewrite_quoted_l4(ctx, p, p->l4 + ICMP_HEADER + sizeof(*quoted), addresses);
	if (rest < 0)
		return 0;
	update((__be16 *)check, change + rest);
	return 1;
}

static __always_inline int rewrite6(struct xdp_md *ctx, const struct pkt *p)
{
	struct ipv6hdr *ip = at(ctx, p->l3, sizeof(*ip));
	__u64 addresses;

	if (!ip)
		return 0;
	addresses = exchange_ip6(&ip->saddr, p->flow.saddr) + exchange_ip6(&ip->daddr, p->flow.daddr);
	return p->flags & PKT_LATER_FRAGMENT ? 1 : rewrite_l4(ctx, p, addresses);
}

static __always_inline int rewrite(struct xdp_md *ctx, const struct pkt *p)
{
	struct iphdr *ip = at(ctx, p->l3, sizeof(*ip));
	__u64 addresses;

	if (!ip)
		return 0;
	addresses = exchange32(&ip->saddr, *flow_ip4((__u8 *)p->flow.saddr)) +
		    exchange32(&ip->daddr, *flow_ip4((__u8 *)p->flow.daddr));
	update(&ip->check, addresses);
	return p->flags & PKT_LATER_FRAGMENT ? 1 : rewrite_l4(ctx, p, addresses);
}

#endif
