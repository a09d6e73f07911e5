/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/ether.h"
#include "lib/room.h"

NFUP_PARAM(__u16, ETHERTYPE, "int", REQUIRED, "0..65535", "the EtherType, as in 0x0800");
NFUP_PARAM(struct mac, SRC, "mac", REQUIRED, "", "the source address");
NFUP_PARAM(struct mac, DST, "mac", REQUIRED, "", "the destination address");
NFUP_OUTPUTS("out");

NFUP_MODULE(EtherEncap, "Put an Ethernet header in front of the packet, in place of what Strip has moved past")
{
	struct ethhdr *eth;

	p->l2 = p->cursor;
	if (!make_room(ctx, p, sizeof(*eth)))
		return DROP(HEADROOM);
	eth = at(ctx, p->l2, sizeof(*eth));
	if (!eth)
		return DROP(TRUNCATED);
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_source[i] = SRC.byte[i];
		eth->h_dest[i] = DST.byte[i];
	}
	eth->h_proto = bpf_htons(ETHERTYPE);
	return NEXT(0);
}
