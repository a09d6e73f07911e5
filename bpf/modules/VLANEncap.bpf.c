/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/room.h"
#include "lib/vlan.h"

NFUP_PARAM(__u16, VLAN_ID, "int", REQUIRED, "0..4094", "the VLAN");
NFUP_PARAM(__u8, VLAN_PCP, "int", "0", "0..7", "the priority code point");
NFUP_PARAM(__u16, ETHERTYPE, "int", "0x8100", "0..65535", "the tag's EtherType: 0x88a8 for the outer of two (QinQ)");
NFUP_OUTPUTS("out");

NFUP_MODULE(VLANEncap, "Put a VLAN tag into the Ethernet header, in front of those that are there")
{
	struct vlan_addresses *from, addresses;
	__u8 *frame;

	if (!at(ctx, p->l2, ETH_HLEN))
		return DROP(TRUNCATED);
	if (!make_room(ctx, p, VLAN_TAG))
		return DROP(HEADROOM);
	frame = at(ctx, p->l2, VLAN_TAG + ETH_HLEN);
	if (!frame)
		return DROP(TRUNCATED);
	from = (struct vlan_addresses *)(frame + VLAN_TAG);
	addresses = *from;
	*(struct vlan_addresses *)frame = addresses;
	*(__be16 *)(frame + VLAN_ADDRESSES) = bpf_htons(ETHERTYPE);
	*(__be16 *)(frame + VLAN_ADDRESSES + 2) = bpf_htons(VLAN_PCP << 13 | VLAN_ID);
	return NEXT(0);
}
