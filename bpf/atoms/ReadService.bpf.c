/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/balance.h"
#include "service.h"

NFUP_OUTPUTS("service, other?");
NFUP_REQUIRES("five-tuple");
NFUP_PROVIDES("service@0");

/* That of the packet's port; else that of all ports. Fragments know only the latter: the
 * later ones have no ports, and all parts of a datagram have to go one way. */
static __always_inline const struct service_entry *find_service(const struct pkt *p)
{
	struct service_key key = {.port = p->flow.dport, .proto = p->flow.proto};
	const struct service_entry *found = 0;

	__builtin_memcpy(key.addr, p->flow.daddr, sizeof(key.addr));
	if ((p->flags & (PKT_HAS_PORTS | PKT_FRAGMENT)) == PKT_HAS_PORTS)
		found = state_lookup(SERVICE, &key);
	if (!found) {
		key.port = 0;
		found = state_lookup(SERVICE, &key);
	}
	return found;
}

NFUP_ATOM(ReadService, "Is the packet's destination a virtual service?")
{
	const struct service_entry *found = find_service(p);

	if (!found)
		return NEXT_OR_DROP(1, NFUP_DROP_NO_MATCH);
	set_service(p, found->service);
	return NEXT(0);
}
