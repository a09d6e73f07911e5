/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): beside a state NAME whose entries
 * are the servers of services, a table NAME_MAGLEV that has for each service and each hash of
 * a flow the server to take. Whoever writes NAME from user space brings the table up to date,
 * as `nfup state set` does (statemaps/maglev.h); programs only read it. It changes slot by
 * slot: each flow sees the old server or the new one, and so no two tables are needed
 * (docs/decisions/0008-maglev-tables.md).
 *
 * The key of NAME: __u16 `service` and `server`; its value has a __u32 `weight`, and an nfup_addr
 * `addr` and a __be16 `port` that name the server. */
#ifndef NFUP_MAGLEV_H
#define NFUP_MAGLEV_H

#include <linux/types.h>

#define MAGLEV_SLOTS 65537 /* a prime, over 100 times as many as servers (section 3.4) */

/* Index: service * MAGLEV_SLOTS + the hash's remainder. */
struct maglev_slot {
	__u32 server; /* its number and 1; 0: there is none */
};

/* NAME: at most 8 letters. */
#define NFUP_MAGLEV(name, services) \
	NFUP_STATE(name##_MAGLEV, BPF_MAP_TYPE_ARRAY, __u32, struct maglev_slot, (services) * MAGLEV_SLOTS)

#endif
