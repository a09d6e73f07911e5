/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

#include <linux/if_ether.h>

NFUP_OUTPUTS("out");
NFUP_REQUIRES("ip-header, five-tuple");

static __always_inline void swap_words(__u32 *a, __u32 *b)
{
	__u32 old = *a;

	*a = *b;
	*b = old;
}

/* Checksums stay right: a sum does not mind the order. */
NFUP_MODULE(IPMirror, "Swap source and destination: addresses, and the ports of what has ports")
{
	int ip4 = p->ethertype == bpf_htons(ETH_P_IP);
	struct flow_key *flow = &p->flow;
	__be16 port = flow->sport, *ports;
	__u32 *word = at(ctx, p->l3 + (ip4 ? 12 : 8), 8);

	if (!word)
		return DROP(TRUNCATED);
	if (ip4) {
		swap_words(&word[0], &word[1]);
	} else {
		word = at(ctx, p->l3 + 8, 32);
		if (!word)
			return DROP(TRUNCATED);
		for (int i = 0; i < 4; i++)
			swap_words(&word[i], &word[4 + i]);
	}
	for (int i = 0; i < 4; i++)
		swap_words((__u32 *)flow->saddr + i, (__u32 *)flow->daddr + i);
	if (!(p->flags & PKT_HAS_PORTS))
		return NEXT(0);
	ports = at(ctx, p->l4, 4);
	if (!ports)
		return DROP(TRUNCATED);
	ports[0] = flow->dport;
	ports[1] = port;
	flow->sport = flow->dport;
	flow->dport = port;
	return NEXT(0);
}
