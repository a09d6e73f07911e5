/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/check.h"
#include "lib/csum.h"
#include "lib/icmp.h"
#include "lib/ip6_extensions.h"
#include "lib/l4_checksum.h"

#include <linux/ip.h>
#include <linux/ipv6.h>

NFUP_OUTPUTS("out");
NFUP_REQUIRES("ip-header, five-tuple");
NFUP_USES("csum");

#define QUOTED_L4 8 /* bytes of transport header that an error quotes at least (RFC 792) */
#define IP_OFFSET 0x1fff

/* The addresses stay mapped; only what tells them apart is set. */
static __always_inline void set_addresses4(struct pkt *p, const struct iphdr *quoted)
{
	*(__be32 *)(p->flow.saddr + 12) = quoted->daddr;
	*(__be32 *)(p->flow.daddr + 12) = quoted->saddr;
}

static __always_inline void set_addresses6(struct pkt *p, const struct ipv6hdr *quoted)
{
	__builtin_memcpy(p->flow.saddr, &quoted->daddr, 16);
	__builtin_memcpy(p->flow.daddr, &quoted->saddr, 16);
}

/* The rest of the flow, from the quoted transport header. */
static __always_inline int take_ports(struct xdp_md *ctx, struct pkt *p, __u32 offset, __u8 proto)
{
	__be16 *word = at(ctx, offset, QUOTED_L4);
	int icmp = proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;

	if (!word || offset + QUOTED_L4 > (__u32)p->l3 + p->l3_len)
		return NFUP_DROP_TRUNCATED;
	p->flags |= PKT_ICMP_ERROR;
	p->payload = offset;
	p->flow.proto = proto;
	p->flow.sport = 0;
	p->flow.dport = 0;
	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP) {
		p->flags |= PKT_HAS_PORTS;
		p->flow.sport = word[1];
		p->flow.dport = word[0];
	} else if (icmp && icmp_has_id(proto, *(__u8 *)word)) {
		p->flags |= PKT_HAS_ID;
		p->flow.sport = word[2];
		p->flow.dport = word[2];
	}
	return PASSED;
}

/* RFC 5508 REQ-3: both checksums are verified, the options of the quoted header
 * passed over; the quoted transport checksum is not looked at. */
static __always_inline int take_flow4(struct xdp_md *ctx, struct pkt *p)
{
	__u32 l4 = p->l4, length = p->l3 + p->l3_len - l4, quote = l4 + ICMP_HEADER, header_length;
	struct iphdr *quoted = at(ctx, quote, sizeof(*quoted));
	int finding;
	__s64 sum;

	if (!quoted || length < ICMP_HEADER + sizeof(*quoted))
		return NFUP_DROP_TRUNCATED;
	header_length = quoted->ihl * 4;
	if (quoted->version != 4 || header_length < sizeof(*quoted))
		return NFUP_DROP_BAD_IP_LENGTH;
	if (!at(ctx, quote + header_length, QUOTED_L4) || length < ICMP_HEADER + header_length + QUOTED_L4)
		return NFUP_DROP_TRUNCATED;
	/* a later fragment is no packet of any flow */
	if (quoted->frag_off & bpf_htons(IP_OFFSET))
		return NFUP_DROP_UNTRANSLATABLE;
	sum = csum_bytes(ctx, l4, length, 0);
	if (sum < 0 || csum_fold(sum) != 0xffff)
		return NFUP_DROP_BAD_L4_CHECKSUM;
	sum = csum_bytes(ctx, quote, header_length, 0);
	if (sum < 0 || csum_fold(sum) != 0xffff)
		return NFUP_DROP_BAD_IP_CHECKSUM;
	finding = take_ports(ctx, p, quote + header_length, quoted->protocol);
	if (finding == PASSED)
		set_addresses4(p, quoted);
	return finding;
}

/* The quote may be cut off (RFC 4443 section 2.4 (c)), but not before its ports. */
static __always_inline int take_flow6(struct xdp_md *ctx, struct pkt *p)
{
	__u32 l4 = p->l4, end = p->l3 + p->l3_len, length = end - l4, quote = l4 + ICMP_HEADER;
	struct ipv6hdr *quoted = at(ctx, quote, sizeof(*quoted));
	struct ip6_walk walk = {.offset = quote + sizeof(*quoted), .end = end};
	int finding;

	if (!quoted || length < ICMP_HEADER + sizeof(*quoted))
		return NFUP_DROP_TRUNCATED;
	if (quoted->version != 6)
		return NFUP_DROP_BAD_IP_LENGTH;
	if (!l4_checksum_ok(ctx, p, length, IPPROTO_ICMPV6))
		return NFUP_DROP_BAD_L4_CHECKSUM;
	walk.next = quoted->nexthdr;
	finding = ip6_walk_extensions(ctx, &walk);
	if (finding != PASSED)
		return finding;
	if (walk.flags & PKT_LATER_FRAGMENT)
		return NFUP_DROP_UNTRANSLATABLE;
	finding = take_ports(ctx, p, walk.offset, walk.next);
	if (finding == PASSED)
		set_addresses6(p, quoted);
	return finding;
}

static __always_inline int is_icmp_error(struct xdp_md *ctx, const struct pkt *p)
{
	int six = p->ip_proto == IPPROTO_ICMPV6;
	__u8 *type;

	if (p->ethertype != (six ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)) || p->flags & PKT_FRAGMENT)
		return 0;
	if (!six && p->ip_proto != IPPROTO_ICMP)
		return 0;
	type = at(ctx, p->l4, 1);
	if (!type || p->l4 >= p->l3 + p->l3_len)
		return 0;
	return six ? icmp6_is_error(*type) : icmp_is_error(*type);
}

static __always_inline int take_flow(struct xdp_md *ctx, struct pkt *p)
{
	return p->ip_proto == IPPROTO_ICMPV6 ? take_flow6(ctx, p) : take_flow4(ctx, p);
}

NFUP_MODULE(ICMPErrorFlow, "Give ICMP errors the flow that they are about: of the packet they quote, as seen from its other end")
{
	int finding;

	if (!is_icmp_error(ctx, p))
		return NEXT(0);
	finding = take_flow(ctx, p);
	if (finding != PASSED) {
		nfup_count_drop(finding);
		return XDP_DROP;
	}
	return NEXT(0);
}
