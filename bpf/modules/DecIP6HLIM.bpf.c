/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

#include <linux/if_ether.h>

NFUP_OUTPUTS("out, expired?");
NFUP_REQUIRES("ip-header");

#define IP6_HEADER 40
#define HOP_LIMIT 7 /* offset */

NFUP_MODULE(DecIP6HLIM, "Take one off the IPv6 header's hop limit; what must not travel further goes to the other output")
{
	__u8 *ip = at(ctx, p->l3, IP6_HEADER);

	if (!ip)
		return DROP(TRUNCATED);
	if (p->ethertype != bpf_htons(ETH_P_IPV6))
		return DROP(BAD_IP_VERSION);
	if (ip[HOP_LIMIT] <= 1)
		return NEXT_OR_DROP(1, NFUP_DROP_TTL_EXPIRED);
	ip[HOP_LIMIT]--;
	return NEXT(0);
}
