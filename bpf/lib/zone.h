/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Zones: flows with the same addresses and ports in different VLANs are apart, in states
 * that have a zone in their keys. */
#ifndef NFUP_ZONE_H
#define NFUP_ZONE_H

#include "../nfup.h"
#include "vlan.h"

/* What tells zones apart: a parameter. */
enum zone_by { ZONE_BY_NONE, ZONE_BY_VLAN };
#define ZONE_NAMES "none, vlan"

#define ZONE_QINQ 0x8000

/* 0 without a tag; of one tag the VLAN; of two a hash of both VLANs, for they do not fit: of
 * 32,768 pairs of tags two may meet in one zone. */
static __always_inline __u16 zone_of(struct xdp_md *ctx, const struct pkt *p, enum zone_by by)
{
	__u32 tags = p->l3 - (p->l2 + ETH_HLEN), both;
	__be16 *inner, *outer;

	if (by == ZONE_BY_NONE || (tags != VLAN_TAG && tags != 2 * VLAN_TAG))
		return 0;
	inner = at(ctx, p->l3 - VLAN_TAG, 2);
	if (!inner)
		return 0;
	if (tags == VLAN_TAG)
		return bpf_ntohs(*inner) & VLAN_ID_MASK;
	outer = at(ctx, p->l3 - 2 * VLAN_TAG, 2);
	if (!outer)
		return 0;
	both = (bpf_ntohs(*outer) & VLAN_ID_MASK) << 12 | (bpf_ntohs(*inner) & VLAN_ID_MASK);
	return ZONE_QINQ | both * 0x9e3779b1u >> 17;
}

#endif
