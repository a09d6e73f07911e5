/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/encap.h"

NFUP_TUNNEL_PARAMS;
NFUP_OUTPUTS("out, toobig?");
NFUP_REQUIRES("ip-header, five-tuple");
NFUP_REVOKES("*@0");
NFUP_PROVIDES("ip-header@0, five-tuple@0");

NFUP_MODULE(IPIPEncap, "Put the packet into another: IPv4 or IPv6 in IPv4 or IPv6 (RFC 2003, RFC 2473, RFC 4213)")
{
	struct tunnel tunnel = TUNNEL;
	int ip4 = p->ethertype == bpf_htons(ETH_P_IP);

	return ENCAPSULATED(encapsulate(ctx, p, &tunnel, 0, ip4 ? IPPROTO_IPIP : IPPROTO_IPV6));
}
