/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/ether.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(EtherMirror, "Swap the source and destination of the Ethernet header")
{
	struct ethhdr *eth = at(ctx, p->l2, sizeof(*eth));

	if (!eth)
		return DROP(TRUNCATED);
	for (int i = 0; i < ETH_ALEN; i++) {
		__u8 source = eth->h_source[i];

		eth->h_source[i] = eth->h_dest[i];
		eth->h_dest[i] = source;
	}
	return NEXT(0);
}
