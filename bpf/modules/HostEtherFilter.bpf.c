/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/ether.h"

NFUP_PARAM(struct mac, ETHER, "mac", REQUIRED, "", "this host's address");
NFUP_PARAM(__u8, DROP_OWN, "bool", "false", "", "treat what this host has sent as for others");
NFUP_OUTPUTS("host, other?");

static __always_inline int is_ours(const __u8 *address)
{
	__u8 different = 0;

	for (int i = 0; i < ETH_ALEN; i++)
		different |= address[i] ^ ETHER.byte[i];
	return !different;
}

NFUP_MODULE(HostEtherFilter, "Let frames for this host through: to ETHER, broadcast or multicast")
{
	struct ethhdr *eth = at(ctx, p->l2, sizeof(*eth));
	int ours;

	if (!eth)
		return DROP(TRUNCATED);
	ours = (eth->h_dest[0] & 1) || is_ours(eth->h_dest);
	if (ours && !(DROP_OWN && is_ours(eth->h_source)))
		return NEXT(0);
	return NEXT_OR_DROP(1, NFUP_DROP_OTHER_HOST);
}
