/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/ip.h"
#include "lib/l4_checksum.h"

NFUP_PARAM(__u8, CHECKSUM, "bool", "true", "", "verify the checksum (over all bytes of the message)");
NFUP_OUTPUTS("ok, bad?");
NFUP_REQUIRES("ip-header");
NFUP_PROVIDES("icmp-header@0");
NFUP_USES("csum");

/* ICMP's covers the message alone, ICMPv6's a pseudo header too (RFC 792, RFC 4443
 * section 2.3). */
static __always_inline int checksum_ok(struct xdp_md *ctx, struct pkt *p, __u32 length)
{
	__s64 sum;

	if (p->ethertype != bpf_htons(ETH_P_IP))
		return l4_checksum_ok(ctx, p, length, IPPROTO_ICMPV6);
	sum = csum_bytes(ctx, p->l4, length, 0);
	return sum >= 0 && csum_fold(sum) == 0xffff;
}

static __always_inline int check(struct xdp_md *ctx, struct pkt *p)
{
	__u32 length = p->l3 + p->l3_len - p->l4;
	int wanted = p->ethertype == bpf_htons(ETH_P_IP) ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	if (p->ip_proto != wanted || p->flags & PKT_LATER_FRAGMENT)
		return NFUP_DROP_WRONG_PROTOCOL;
	if (length < ICMP_HEADER || !at(ctx, p->l4, ICMP_HEADER))
		return NFUP_DROP_TRUNCATED;
	if (CHECKSUM && !(p->flags & PKT_FRAGMENT) && !checksum_ok(ctx, p, length))
		return NFUP_DROP_BAD_L4_CHECKSUM;
	p->payload = p->l4 + ICMP_HEADER;
	return PASSED;
}

NFUP_MODULE(CheckICMPHeader, "Check the ICMP or ICMPv6 header: length, checksum; note its payload")
{
	return CHECKED(check(ctx, p));
}
