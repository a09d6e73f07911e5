/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/checksum.h"

#include <linux/if_ether.h>
#include <linux/ip.h>

NFUP_OUTPUTS("out, expired?");
NFUP_REQUIRES("ip-header");

NFUP_MODULE(DecIPTTL, "Take one off the IPv4 header's time to live; what must not travel further goes to the other output")
{
	struct iphdr *ip = at(ctx, p->l3, sizeof(*ip));
	__be16 *word, old;

	if (!ip)
		return DROP(TRUNCATED);
	if (p->ethertype != bpf_htons(ETH_P_IP))
		return DROP(BAD_IP_VERSION);
	if (ip->ttl <= 1)
		return NEXT_OR_DROP(1, NFUP_DROP_TTL_EXPIRED);
	word = (__be16 *)&ip->ttl; /* with the protocol */
	old = *word;
	ip->ttl--;
	ip->check = csum_replace(ip->check, old, *word);
	return NEXT(0);
}
