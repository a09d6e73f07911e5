/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/routes.h"
#include "lib/switch.h"

NFUP_PARAM(struct route_program, ROUTES, "routes", REQUIRED, "",
	   "ADDRESS/LENGTH [GATEWAY] OUTPUT, as in `10.0.0.0/8 192.0.2.1 1`, IPv4 and IPv6");
NFUP_OUTPUTS("route*");
NFUP_REQUIRES("five-tuple");
NFUP_PROVIDES("next-hop");

NFUP_TABLE(routes4, BPF_MAP_TYPE_LPM_TRIE, struct route4_key, struct route);
NFUP_TABLE(routes6, BPF_MAP_TYPE_LPM_TRIE, struct route6_key, struct route);

static __always_inline const struct route *find_route(const struct pkt *p)
{
	if (p->flow.family == 4) {
		struct route4_key key = {.length = 32, .addr = *(const __be32 *)(p->flow.daddr + 12)};

		return ROUTES.routes4 ? bpf_map_lookup_elem(&routes4, &key) : 0;
	} else {
		struct route6_key key = {.length = 128};

		__builtin_memcpy(key.addr, p->flow.daddr, sizeof(key.addr));
		return ROUTES.routes6 ? bpf_map_lookup_elem(&routes6, &key) : 0;
	}
}

NFUP_MODULE(LookupIPRoute, "Send each packet to the output of the longest prefix that its destination is in; note the next hop")
{
	const struct route *route = find_route(p);

	if (!route)
		return DROP(NO_ROUTE);
	__builtin_memcpy(p->next_hop, route->direct ? p->flow.daddr : route->gateway, sizeof(p->next_hop));
	SWITCH(route->output);
}
