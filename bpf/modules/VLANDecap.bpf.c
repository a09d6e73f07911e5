/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/vlan.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(VLANDecap, "Take the outermost VLAN tag out of the Ethernet header, if there is one")
{
	struct vlan_addresses addresses;
	__u8 *frame = at(ctx, p->l2, ETH_HLEN);

	if (!frame)
		return DROP(TRUNCATED);
	if (!is_vlan_type(*(__be16 *)(frame + VLAN_ADDRESSES)))
		return NEXT(0);
	frame = at(ctx, p->l2, VLAN_TAG + ETH_HLEN);
	if (!frame)
		return DROP(TRUNCATED);
	addresses = *(struct vlan_addresses *)frame;
	*(struct vlan_addresses *)(frame + VLAN_TAG) = addresses;
	if (p->cursor == p->l2)
		p->cursor += VLAN_TAG;
	p->l2 += VLAN_TAG;
	return NEXT(0);
}
