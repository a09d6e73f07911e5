/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(SocketKept, "looks a socket up and does not give it back")
{
	struct bpf_sock_tuple tuple = {};

	tuple.ipv4.sport = p->flow.sport;
	if (bpf_sk_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), -1, 0)) /* refused */
		p->paint = 1;
	return XDP_DROP;
}
