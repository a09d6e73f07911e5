/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/check.h"
#include "lib/csum.h"
#include "lib/icmp.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>

NFUP_OUTPUTS("out");
NFUP_REQUIRES("ip-header, five-tuple");
NFUP_USES("csum");

#define QUOTED_L4 8 /* bytes of transport header that an error quotes at least (RFC 792) */
#define IP_OFFSET 0x1fff

/* The addresses stay mapped; only what tells them apart is set. */
static __always_inline void set_flow(struct pkt *p, const struct iphdr *quoted, __be16 sport, __be16 dport)
{
	*(__be32 *)(p->flow.saddr + 12) = quoted->daddr;
	*(__be32 *)(p->flow.daddr + 12) = quoted->saddr;
	p->flow.sport = dport;
	p->flow.dport = sport;
	p->flow.proto = quoted->protocol;
}

/* RFC 5508 REQ-3: both checksums are verified, the options of the quoted header
 * passed over; the quoted transport checksum is not looked at. */
static __always_inline int take_flow(struct xdp_md *ctx, struct pkt *p)
{
	__u32 l4 = p->l4, length = p->l3 + p->l3_len - l4, quote = l4 + ICMP_HEADER, header_length, quoted_l4;
	struct iphdr *quoted = at(ctx, quote, sizeof(*quoted));
	__be16 *word;
	__s64 sum;

	if (!quoted || length < ICMP_HEADER + sizeof(*quoted))
		return NFUP_DROP_TRUNCATED;
	header_length = quoted->ihl * 4;
	if (quoted->version != 4 || header_length < sizeof(*quoted))
		return NFUP_DROP_BAD_IP_LENGTH;
	quoted_l4 = quote + header_length;
	word = at(ctx, quoted_l4, QUOTED_L4);
	if (!word || length < ICMP_HEADER + header_length + QUOTED_L4)
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

	p->flags |= PKT_ICMP_ERROR;
	if (quoted->protocol == IPPROTO_TCP || quoted->protocol == IPPROTO_UDP) {
		p->flags |= PKT_HAS_PORTS;
		set_flow(p, quoted, word[0], word[1]);
	} else if (quoted->protocol == IPPROTO_ICMP && icmp_is_query(*(__u8 *)word)) {
		p->flags |= PKT_HAS_ID;
		set_flow(p, quoted, word[2], word[2]);
	} else {
		set_flow(p, quoted, 0, 0);
	}
	return PASSED;
}

static __always_inline int is_icmp_error(struct xdp_md *ctx, const struct pkt *p)
{
	__u8 *type;

	if (p->ethertype != bpf_htons(ETH_P_IP) || p->ip_proto != IPPROTO_ICMP || p->flags & PKT_FRAGMENT)
		return 0;
	type = at(ctx, p->l4, 1);
	return type && p->l4 < p->l3 + p->l3_len && icmp_is_error(*type);
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
