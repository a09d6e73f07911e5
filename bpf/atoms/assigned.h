/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state AS, assigned servers: flows stay with their server while servers come and go.
 * Entries age (ageing.h); in a full table a flow that has only begun gives way. */
#ifndef NFUP_ASSIGNED_H
#define NFUP_ASSIGNED_H

#include "../ageing.h"
#include "../lib/balance.h"
#include "../lib/flow_phase.h"
#include "assigned_entry.h"

NFUP_AGED_STATE(AS, struct flow_key, struct assigned_entry, 262144);

#endif
