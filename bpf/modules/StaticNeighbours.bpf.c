/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/ether.h"
#include "lib/neighbours.h"

NFUP_PARAM(struct mac, SRC, "mac", REQUIRED, "", "the link-layer address of the port that the frame leaves by");
NFUP_PARAM(__u32, NEIGHBOURS, "neighbours", REQUIRED, "",
	   "ADDRESS MAC, as in `192.0.2.1 02:00:00:00:00:01`, IPv4 and IPv6");
NFUP_OUTPUTS("out, unknown?");
NFUP_REQUIRES("next-hop");

NFUP_TABLE(neighbours, BPF_MAP_TYPE_HASH, nfup_addr, struct neighbour);

NFUP_MODULE(StaticNeighbours, "Address the frame to the packet's next hop, as a table says")
{
	const struct neighbour *to = bpf_map_lookup_elem(&neighbours, p->next_hop);
	struct ethhdr *eth = at(ctx, p->l2, sizeof(*eth));

	if (!eth)
		return DROP(TRUNCATED);
	if (!to)
		return NEXT_OR_DROP(1, NFUP_DROP_NO_NEIGHBOUR);
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_dest[i] = to->mac[i];
		eth->h_source[i] = SRC.byte[i];
	}
	return NEXT(0);
}
