/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

#include <linux/if_ether.h>
#include <linux/ip.h>

NFUP_PARAM(__u32, MTU, "size", REQUIRED, "68..65535", "the longest IP datagram that may pass, in bytes");
NFUP_OUTPUTS("fits, toobig?, fragment?");
NFUP_REQUIRES("ip-header");

#define IP_DF 0x4000

NFUP_MODULE(CheckMTU, "Let datagrams of at most MTU bytes pass; output 1: longer and not to be fragmented, output 2: to be fragmented")
{
	struct iphdr *ip;

	if (p->l3_len <= MTU)
		return NEXT(0);
	ip = at(ctx, p->l3, sizeof(*ip));
	if (!ip)
		return DROP(TRUNCATED);
	if (p->ethertype == bpf_htons(ETH_P_IP) && !(ip->frag_off & bpf_htons(IP_DF)))
		return NEXT_OR_DROP(2, NFUP_DROP_TOO_BIG);
	return NEXT_OR_DROP(1, NFUP_DROP_TOO_BIG);
}
