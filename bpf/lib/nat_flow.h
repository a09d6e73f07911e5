/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ends of a packet's flow as endpoints. While a packet is being translated,
 * its flow is what the headers shall become, and the headers are still what the
 * packet came with; IPRewrite makes them agree. */
#ifndef NFUP_NAT_FLOW_H
#define NFUP_NAT_FLOW_H

#include <bpf/bpf_endian.h>
#include <linux/in.h>

#include "../atoms/endpoint.h"
#include "../nfup.h"
#include "icmp.h"

#define NSEC_PER_SEC 1000000000ull

/* Times are written, and clocks read, at most this often, in jiffies: 0.06 to
 * 0.64 s. Each packet would cost a hop more, and move a cache line. */
#define NAT_RECHECK 64

/* Is there a port or an identifier that can be told apart and exchanged? */
static __always_inline int nat_can_translate(const struct pkt *p)
{
	__u8 proto = p->flow.proto;

	if (p->flow.family != 4)
		return 0;
	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP)
		return p->flags & PKT_HAS_PORTS;
	return proto == IPPROTO_ICMP && p->flags & PKT_HAS_ID;
}

static __always_inline __be32 *flow_ip4(__u8 *mapped)
{
	return (__be32 *)(mapped + 12);
}

static __always_inline struct endpoint flow_source(struct pkt *p)
{
	return (struct endpoint){*flow_ip4(p->flow.saddr), p->flow.sport, p->flow.proto, 0};
}

static __always_inline struct endpoint flow_destination(struct pkt *p)
{
	return (struct endpoint){*flow_ip4(p->flow.daddr), p->flow.dport, p->flow.proto, 0};
}

/* An identifier is on both sides of the flow. */
static __always_inline void set_flow_source(struct pkt *p, __be32 addr, __be16 port)
{
	*flow_ip4(p->flow.saddr) = addr;
	p->flow.sport = port;
	if (p->flow.proto == IPPROTO_ICMP)
		p->flow.dport = port;
}

static __always_inline void set_flow_destination(struct pkt *p, __be32 addr, __be16 port)
{
	*flow_ip4(p->flow.daddr) = addr;
	p->flow.dport = port;
	if (p->flow.proto == IPPROTO_ICMP)
		p->flow.sport = port;
}

/* Where the headers say that the packet is from. False: they end before. */
static __always_inline int header_source(struct xdp_md *ctx, const struct pkt *p, struct endpoint *e)
{
	__u32 l4 = p->l4, in_l4 = p->flow.proto == IPPROTO_ICMP ? 4 : 0;
	__be32 *addr = at(ctx, p->l3 + 12, 4);
	__be16 *port = at(ctx, l4 + in_l4, 2);

	if (!addr || !port)
		return 0;
	*e = (struct endpoint){*addr, *port, p->flow.proto, 0};
	return 1;
}

/* Compared, and copied into maps, as one word. */
static __always_inline __u64 endpoint_word(const struct endpoint *e)
{
	return *(const volatile __u64 *)e;
}

static __always_inline void endpoint_store(struct endpoint *to, const struct endpoint *from)
{
	*(volatile __u64 *)to = *(const __u64 *)from;
}

#endif
