/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/ether.h"

NFUP_PARAM(struct mac, SRC, "mac", REQUIRED, "", "the new source address");
NFUP_PARAM(struct mac, DST, "mac", REQUIRED, "", "the new destination address");
NFUP_OUTPUTS("out");

NFUP_MODULE(EtherRewrite, "Set the source and destination of the Ethernet header; its type stays")
{
	struct ethhdr *eth = at(ctx, p->l2, sizeof(*eth));

	if (!eth)
		return DROP(TRUNCATED);
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_source[i] = SRC.byte[i];
		eth->h_dest[i] = DST.byte[i];
	}
	return NEXT(0);
}
