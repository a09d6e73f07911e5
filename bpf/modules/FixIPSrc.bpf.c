/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/checksum.h"
#include "lib/icmp.h"

#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

NFUP_PARAM(struct in6_addr, IPADDR, "addr", REQUIRED, "", "the address of the port that the packet leaves by");
NFUP_OUTPUTS("out");
NFUP_REQUIRES("ip-header, five-tuple");

static __always_inline int fix4(struct xdp_md *ctx, const struct pkt *p)
{
	struct iphdr *ip = at(ctx, p->l3, sizeof(*ip));

	if (!ip)
		return 0;
	ip->check = csum_apply(ip->check, csum_change(ip->saddr, IPADDR.s6_addr32[3]));
	ip->saddr = IPADDR.s6_addr32[3];
	return 1;
}

/* The ICMPv6 checksum covers the source. */
static __always_inline int fix6(struct xdp_md *ctx, const struct pkt *p)
{
	struct ipv6hdr *ip = at(ctx, p->l3, sizeof(*ip));
	struct icmp_header *icmp = at(ctx, p->l4, sizeof(*icmp));
	__u64 change = 0;

	if (!ip || !icmp)
		return 0;
	for (int i = 0; i < 4; i++) {
		change += csum_change(ip->saddr.s6_addr32[i], IPADDR.s6_addr32[i]);
		ip->saddr.s6_addr32[i] = IPADDR.s6_addr32[i];
	}
	icmp->check = csum_apply(icmp->check, change);
	return 1;
}

static __always_inline int is_mapped(void)
{
	return !IPADDR.s6_addr32[0] && !IPADDR.s6_addr32[1] && IPADDR.s6_addr32[2] == bpf_htonl(0xffff);
}

NFUP_MODULE(FixIPSrc, "Give the ICMP errors made here the source IPADDR; all else, and the other IP version, passes as it is")
{
	int done = 1;

	if (p->flags & PKT_FIX_SRC && p->flow.family == (is_mapped() ? 4 : 6)) {
		done = is_mapped() ? fix4(ctx, p) : fix6(ctx, p);
		for (int i = 0; i < 4; i++)
			((__u32 *)p->flow.saddr)[i] = IPADDR.s6_addr32[i];
	}
	if (!done)
		return DROP(TRUNCATED);
	return NEXT(0);
}
