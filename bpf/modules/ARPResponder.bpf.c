/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/arp.h"
#include "lib/ranges.h"

NFUP_PARAM(struct prefix4, ADDRESSES, "prefix4", REQUIRED, "", "the IPv4 addresses to answer for");
NFUP_PARAM(struct mac, MAC, "mac", REQUIRED, "", "the link-layer address that they have");
NFUP_OUTPUTS("reply, other?");

/* Asks for one of ADDRESSES; not for its own (RFC 5227: it wants to know that
 * nobody answers). */
static __always_inline int is_for_us(const struct ethhdr *eth, const struct arp *a)
{
	return is_arp(eth, a) && a->operation == bpf_htons(ARP_REQUEST) &&
	       !((ip4(a->target_ip) ^ ADDRESSES.addr) & ADDRESSES.mask) &&
	       ip4(a->target_ip) != ip4(a->sender_ip);
}

static __always_inline void make_reply(struct ethhdr *eth, struct arp *a)
{
	__be32 asked = ip4(a->target_ip);

	a->operation = bpf_htons(ARP_REPLY);
	a->target = a->sender;
	__builtin_memcpy(a->target_ip, a->sender_ip, 4);
	__builtin_memcpy(a->sender_ip, &asked, 4);
	for (int i = 0; i < ETH_ALEN; i++) {
		a->sender.byte[i] = MAC.byte[i];
		eth->h_dest[i] = a->target.byte[i];
		eth->h_source[i] = MAC.byte[i];
	}
}

NFUP_MODULE(ARPResponder, "Turn ARP requests for ADDRESSES into replies; all else goes to the other output")
{
	struct ethhdr *eth = at(ctx, p->l2, sizeof(*eth));
	struct arp *a = at(ctx, p->l2 + sizeof(*eth), sizeof(*a));

	if (eth && a && is_for_us(eth, a)) {
		make_reply(eth, a);
		return NEXT(0);
	}
	return NEXT_OR_DROP(1, NFUP_DROP_NO_MATCH);
}
