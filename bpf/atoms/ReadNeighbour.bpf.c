/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/ether.h"
#include "neighbour.h"

NFUP_PARAM(struct mac, SRC, "mac", REQUIRED, "", "the link-layer address of the port that the frame leaves by");
NFUP_PARAM(__u64, TIMEOUT, "duration", "4h", "1s..10000h", "how long a silent neighbour is believed; give WriteNeighbour the same");
NFUP_OUTPUTS("out, unknown?");
NFUP_REQUIRES("next-hop");

NFUP_ATOM(ReadNeighbour, "Address the frame to the packet's next hop, if it has said its link-layer address")
{
	const struct neighbour_key *key = (const struct neighbour_key *)p->next_hop;
	const struct neighbour_entry *to = state_lookup(NEIGHB, key);
	struct ethhdr *eth = at(ctx, p->l2, sizeof(*eth));

	if (!eth)
		return DROP(TRUNCATED);
	if (!to || age_is_due(to->last_seen, neighbour_limit(to, TIMEOUT), bpf_ktime_get_coarse_ns()))
		return NEXT_OR_DROP(1, NFUP_DROP_NO_NEIGHBOUR);
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_dest[i] = to->mac[i];
		eth->h_source[i] = SRC.byte[i];
	}
	return NEXT(0);
}
