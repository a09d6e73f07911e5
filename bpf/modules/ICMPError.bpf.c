/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/check.h"
#include "lib/csum.h"
#include "lib/icmp_error.h"

#include <linux/in.h>
#include <linux/ip.h>

NFUP_PARAM(nfup_addr4, SRC, "ip4", REQUIRED, "", "the address that the error comes from");
NFUP_PARAM(__u8, TYPE, "named", REQUIRED, "unreachable=3, timeexceeded=11, parameterproblem=12", "the message's type");
NFUP_PARAM(__u8, CODE, "named", "0",
	   "net=0, host=1, protocol=2, port=3, needfrag=4, srcroutefail=5, netunknown=6, hostunknown=7, "
	   "netprohib=9, hostprohib=10, nettos=11, hosttos=12, filterprohib=13, hostprecedence=14, "
	   "precedencecutoff=15, transit=0, reassembly=1, erroratptr=0, missingopt=1, length=2",
	   "the message's code");
NFUP_PARAM(__u16, MTU, "size", "0", "68..65535", "of the next hop: what needfrag tells the sender");
NFUP_PARAM(__u8, POINTER, "int", "0", "0..59", "the byte of the header that parameterproblem is about");
NFUP_OUTPUTS("error");
NFUP_REQUIRES("ip-header, five-tuple");
NFUP_USES("csum");

#define IP_OFFSET 0x1fff
#define MOST 576 /* bytes of the error (RFC 1812 §4.3.2.3) */
#define HEADERS (sizeof(struct iphdr) + ICMP_HEADER)
#define INTERNETWORK_CONTROL 0xc0 /* the precedence of errors (RFC 1812 §4.3.2.5) */

/* One host, as far as the address can tell. */
static __always_inline int is_host(__be32 address)
{
	__u32 first = bpf_ntohl(address) >> 24;

	return first != 0 && first != 127 && first < 224;
}

/* RFC 1812 §4.3.2.7, RFC 1122 §3.2.2. */
static __always_inline int must_be_silent(struct xdp_md *ctx, const struct pkt *p, const struct iphdr *ip)
{
	const __u8 *type;

	if (ip->frag_off & bpf_htons(IP_OFFSET))
		return 1;
	if (!is_host(ip->saddr) || bpf_ntohl(ip->daddr) >> 28 >= 14 || to_link_group(ctx, p))
		return 1;
	if (p->ip_proto != IPPROTO_ICMP)
		return 0;
	type = at(ctx, p->l4, 1);
	return !type || p->l4 >= p->l3 + p->l3_len || icmp_is_error(*type) || *type == ICMP_REDIRECT;
}

static __always_inline void write_ip(struct iphdr *ip, __be32 destination, __u32 length)
{
	*ip = (struct iphdr){
		.version = 4,
		.ihl = sizeof(*ip) / 4,
		.tos = INTERNETWORK_CONTROL,
		.tot_len = bpf_htons(length),
		.id = bpf_get_prandom_u32(),
		.ttl = ICMP_ERROR_TTL,
		.protocol = IPPROTO_ICMP,
		.saddr = SRC,
		.daddr = destination,
	};
	ip->check = ~csum_fold(csum_words((__u32 *)ip, sizeof(*ip)));
}

static __always_inline int make_error(struct xdp_md *ctx, struct pkt *p)
{
	struct iphdr *ip = at(ctx, p->l3, sizeof(*ip));
	struct icmp_header *icmp;
	__be32 sender;
	int quoted;
	__s64 sum;

	if (p->ethertype != bpf_htons(ETH_P_IP))
		return NFUP_DROP_BAD_IP_VERSION;
	if (!ip)
		return NFUP_DROP_TRUNCATED;
	if (must_be_silent(ctx, p, ip))
		return NFUP_DROP_ICMP_SILENT;
	sender = ip->saddr;
	quoted = cut_quote(ctx, p, MOST - HEADERS);
	if (quoted < 0 || !open_gap(ctx, p, HEADERS))
		return NFUP_DROP_HEADROOM;
	ip = at(ctx, p->l3, HEADERS);
	if (!ip)
		return NFUP_DROP_TRUNCATED;
	write_ip(ip, sender, HEADERS + quoted);
	icmp = (struct icmp_header *)(ip + 1);
	*icmp = (struct icmp_header){.type = TYPE, .code = CODE};
	if (TYPE == ICMP_UNREACHABLE && CODE == ICMP_NEEDFRAG)
		icmp->rest = bpf_htonl(MTU);
	else if (TYPE == ICMP_PARAMETER_PROBLEM)
		icmp->rest = bpf_htonl((__u32)POINTER << 24);
	become_error(p, sizeof(*ip), HEADERS + quoted, IPPROTO_ICMP);
	*(__be32 *)(p->flow.saddr + 12) = SRC;
	sum = csum_bytes(ctx, p->l4, ICMP_HEADER + quoted, 0);
	icmp = at(ctx, p->l4, sizeof(*icmp));
	if (sum < 0 || !icmp)
		return NFUP_DROP_TRUNCATED;
	icmp->check = ~csum_fold(sum);
	return PASSED;
}

NFUP_MODULE(ICMPError, "Turn each IPv4 packet into an ICMP error about it, to its sender; drop what no error may be about")
{
	int finding = make_error(ctx, p);

	if (finding != PASSED) {
		nfup_count_drop(finding);
		return XDP_DROP;
	}
	return NEXT(0);
}
