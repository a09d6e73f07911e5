/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state NAT: inside endpoints and the outside ones that stand for them. A
 * plain table, for a flood of new flows must not push out those that are in
 * use. An entry is as good as its lease in POOL, which says who has an outside
 * endpoint and for how long; the table has room for all of them. */
#ifndef NFUP_NAT_H
#define NFUP_NAT_H

#include "../nfup.h"
#include "nat_entry.h"

NFUP_STATE(NAT, BPF_MAP_TYPE_HASH, struct endpoint, struct nat_entry, 131072);

#endif
