/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers that only who gets packets at a flow's source address can know: the kernel's
 * SYN cookies (Linux 6.0), of the flow alone. They hold for some minutes.
 * docs/decisions/0009-syn-authentication.md has what they are used for. */
#ifndef NFUP_SYN_COOKIE_H
#define NFUP_SYN_COOKIE_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include "tcp.h"

/* What the kernel hashes; the sequence number is that of no segment. */
static __always_inline struct tcphdr cookie_segment(const struct pkt *p, __u32 seq, __u32 ack)
{
	return (struct tcphdr){
		.source = p->flow.sport,
		.dest = p->flow.dport,
		.seq = bpf_htonl(seq),
		.ack_seq = bpf_htonl(ack),
		.doff = sizeof(struct tcphdr) / 4,
	};
}

static __always_inline struct iphdr cookie_ends4(const struct pkt *p)
{
	return (struct iphdr){
		.version = 4,
		.ihl = sizeof(struct iphdr) / 4,
		.saddr = *(const __be32 *)(p->flow.saddr + 12),
		.daddr = *(const __be32 *)(p->flow.daddr + 12),
	};
}

static __always_inline struct ipv6hdr cookie_ends6(const struct pkt *p)
{
	struct ipv6hdr ends = {.version = 6};

	__builtin_memcpy(&ends.saddr, p->flow.saddr, 16);
	__builtin_memcpy(&ends.daddr, p->flow.daddr, 16);
	return ends;
}

/* Negative: this kernel has no SYN cookies. */
static __always_inline __s64 syn_cookie(const struct pkt *p)
{
	struct tcphdr segment = cookie_segment(p, 0, 0);

	if (p->flow.family == 4) {
		struct iphdr ends = cookie_ends4(p);

		return bpf_tcp_raw_gen_syncookie_ipv4(&ends, &segment, sizeof(segment));
	} else {
		struct ipv6hdr ends = cookie_ends6(p);

		return bpf_tcp_raw_gen_syncookie_ipv6(&ends, &segment, sizeof(segment));
	}
}

static __always_inline int syn_cookie_ok(const struct pkt *p, __u32 cookie)
{
	struct tcphdr segment = cookie_segment(p, 1, cookie + 1);

	if (p->flow.family == 4) {
		struct iphdr ends = cookie_ends4(p);

		return !bpf_tcp_raw_check_syncookie_ipv4(&ends, &segment);
	} else {
		struct ipv6hdr ends = cookie_ends6(p);

		return !bpf_tcp_raw_check_syncookie_ipv6(&ends, &segment);
	}
}

#endif
