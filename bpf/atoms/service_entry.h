/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state SERVICE holds: the virtual services of a load balancer. */
#ifndef NFUP_SERVICE_ENTRY_H
#define NFUP_SERVICE_ENTRY_H

#include "../contract.h"

struct service_key {
	nfup_addr addr;
	__be16 port; /* 0: what has no service of its own at that address, and fragments */
	nfup_proto proto;
	__u8 zero;
};
NFUP_ASSERT(sizeof(struct service_key) == 20, "no padding in a map key");

struct service_entry {
	__u32 service; /* its number, by which the servers name it */
};
NFUP_ASSERT(sizeof(struct service_entry) == 4, "no padding in a map value");

#endif
