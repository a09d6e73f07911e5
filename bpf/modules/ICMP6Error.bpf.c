/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/check.h"
#include "lib/csum.h"
#include "lib/icmp_error.h"

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>

NFUP_PARAM(struct in6_addr, SRC, "ip6", REQUIRED, "", "the address that the error comes from");
NFUP_PARAM(__u8, TYPE, "named", REQUIRED, "unreachable=1, toobig=2, timeexceeded=3, parameterproblem=4",
	   "the message's type");
NFUP_PARAM(__u8, CODE, "named", "0",
	   "noroute=0, prohibited=1, beyondscope=2, address=3, port=4, policy=5, reject=6, "
	   "transit=0, reassembly=1, header=0, nextheader=1, option=2",
	   "the message's code");
NFUP_PARAM(__u32, MTU, "size", "1280", "1280..65535", "of the next hop: what toobig tells the sender");
NFUP_PARAM(__u32, POINTER, "int", "0", "0..65535", "the byte of the packet that parameterproblem is about");
NFUP_OUTPUTS("error");
NFUP_REQUIRES("ip-header, five-tuple");
NFUP_USES("csum");

#define MOST 1280 /* bytes of the error: what every link carries (RFC 4443 §2.4 c) */
#define HEADERS (sizeof(struct ipv6hdr) + ICMP_HEADER)

/* RFC 4443 §2.4 e. */
static __always_inline int must_be_silent(struct xdp_md *ctx, const struct pkt *p, const struct ipv6hdr *ip)
{
	int for_groups_too = TYPE == ICMP6_TOO_BIG || (TYPE == ICMP6_PARAMETER_PROBLEM && CODE == ICMP6_BAD_OPTION);
	const __be32 *source = ip->saddr.s6_addr32;
	const __u8 *type;

	if (ip->saddr.s6_addr[0] == 0xff || !(source[0] | source[1] | source[2] | source[3]))
		return 1;
	if (!for_groups_too && (ip->daddr.s6_addr[0] == 0xff || to_link_group(ctx, p)))
		return 1;
	if (p->ip_proto != IPPROTO_ICMPV6)
		return 0;
	/* of a later fragment nobody knows */
	type = at(ctx, p->l4, 1);
	return p->flags & PKT_LATER_FRAGMENT || !type || p->l4 >= p->l3 + p->l3_len || *type < ICMP6_INFORMATIONAL ||
	       *type == ICMP6_REDIRECT;
}

static __always_inline int make_error(struct xdp_md *ctx, struct pkt *p)
{
	struct ipv6hdr *ip = at(ctx, p->l3, sizeof(*ip));
	struct in6_addr sender, ours;
	struct icmp_header *icmp;
	int quoted;
	__s64 sum;

	if (p->ethertype != bpf_htons(ETH_P_IPV6))
		return NFUP_DROP_BAD_IP_VERSION;
	if (!ip)
		return NFUP_DROP_TRUNCATED;
	if (must_be_silent(ctx, p, ip))
		return NFUP_DROP_ICMP_SILENT;
	sender = ip->saddr;
	for (int i = 0; i < 4; i++)
		ours.s6_addr32[i] = SRC.s6_addr32[i];
	quoted = cut_quote(ctx, p, MOST - HEADERS);
	if (quoted < 0 || !open_gap(ctx, p, HEADERS))
		return NFUP_DROP_HEADROOM;
	ip = at(ctx, p->l3, HEADERS);
	if (!ip)
		return NFUP_DROP_TRUNCATED;
	*(__be32 *)ip = bpf_htonl(6u << 28);
	ip->payload_len = bpf_htons(ICMP_HEADER + quoted);
	ip->nexthdr = IPPROTO_ICMPV6;
	ip->hop_limit = ICMP_ERROR_TTL;
	ip->saddr = ours;
	ip->daddr = sender;
	icmp = (struct icmp_header *)(ip + 1);
	*icmp = (struct icmp_header){.type = TYPE, .code = CODE};
	if (TYPE == ICMP6_TOO_BIG)
		icmp->rest = bpf_htonl(MTU);
	else if (TYPE == ICMP6_PARAMETER_PROBLEM)
		icmp->rest = bpf_htonl(POINTER);
	become_error(p, sizeof(*ip), HEADERS + quoted, IPPROTO_ICMPV6);
	__builtin_memcpy(p->flow.saddr, &ours, sizeof(ours));
	/* the pseudo header (RFC 8200 §8.1) */
	sum = csum_words(ours.s6_addr32, sizeof(ours)) + csum_words(sender.s6_addr32, sizeof(sender));
	sum += bpf_htonl(ICMP_HEADER + quoted) + (__u64)bpf_htonl(IPPROTO_ICMPV6);
	sum = csum_bytes(ctx, p->l4, ICMP_HEADER + quoted, sum);
	icmp = at(ctx, p->l4, sizeof(*icmp));
	if (sum < 0 || !icmp)
		return NFUP_DROP_TRUNCATED;
	icmp->check = ~csum_fold(sum);
	return PASSED;
}

NFUP_MODULE(ICMP6Error, "Turn each IPv6 packet into an ICMPv6 error about it, to its sender; drop what no error may be about")
{
	int finding = make_error(ctx, p);

	if (finding != PASSED) {
		nfup_count_drop(finding);
		return XDP_DROP;
	}
	return NEXT(0);
}
