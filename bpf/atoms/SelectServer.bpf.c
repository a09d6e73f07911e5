/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/balance.h"
#include "lib/flow_hash.h"
#include "maglev.h"

NFUP_OUTPUTS("server, none?");
NFUP_REQUIRES("five-tuple, service");
NFUP_PROVIDES("server@0");

NFUP_MAGLEV(SERVER, 16);

NFUP_ATOM(SelectServer, "Choose the packet's server by Maglev hashing of its flow")
{
	__u32 index = packet_service(p) * MAGLEV_SLOTS + symmetric_hash(p) % MAGLEV_SLOTS;
	const struct maglev_slot *slot = state_lookup(SERVER_MAGLEV, &index);

	if (!slot || !slot->server)
		return NEXT_OR_DROP(1, NFUP_DROP_NO_SERVER);
	set_server(p, slot->server - 1);
	return NEXT(0);
}
