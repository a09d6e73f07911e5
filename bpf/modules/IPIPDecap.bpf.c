/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/decap.h"

#include <linux/in.h>
#include <linux/in6.h>

NFUP_OUTPUTS("out, other?");
NFUP_REQUIRES("ip-header");
NFUP_REVOKES("*@0");

NFUP_MODULE(IPIPDecap, "Take the packet out of the IPv4 or IPv6 packet around it; all else goes to the other output")
{
	int finding, ip4 = p->ip_proto == IPPROTO_IPIP;

	if ((!ip4 && p->ip_proto != IPPROTO_IPV6) || p->flags & PKT_FRAGMENT)
		return NEXT_OR_DROP(1, NFUP_DROP_NO_MATCH);
	finding = decapsulate(ctx, p, p->l4, bpf_htons(ip4 ? ETH_P_IP : ETH_P_IPV6));
	if (finding != PASSED)
		return DROP_FOR(finding);
	return NEXT(0);
}
