/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/balance.h"
#include "lib/ether.h"
#include "server.h"

NFUP_OUTPUTS("server, gone?");
NFUP_REQUIRES("five-tuple, service, server");
NFUP_PROVIDES("new-flow@0");

/* From whom the client has sent it to, as a router does. */
static __always_inline void readdress(struct ethhdr *eth, const struct server_entry *server)
{
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_source[i] = eth->h_dest[i];
		eth->h_dest[i] = server->mac[i];
	}
}

NFUP_ATOM(ReadServer, "Send the frame to the packet's server; its flow goes there, too (IPRewrite, IPIPEncap)")
{
	struct server_key key = {packet_service(p), packet_server(p)};
	const struct server_entry *server = state_lookup(SERVER, &key);
	struct ethhdr *eth;

	if (!server)
		return NEXT_OR_DROP(1, NFUP_DROP_NO_SERVER);
	eth = at(ctx, p->l2, sizeof(*eth));
	if (!eth)
		return DROP(TRUNCATED);
	readdress(eth, server);
	__builtin_memcpy(p->flow.daddr, server->addr, sizeof(p->flow.daddr));
	if (server->port && p->flags & PKT_HAS_PORTS)
		p->flow.dport = server->port;
	return NEXT(0);
}
