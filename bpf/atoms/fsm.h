/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state FSM: TCP flows whose handshake is under way, as seen from the
 * client's side alone. A flow without an entry is CLOSED; one that completes
 * the handshake moves on to WL. An LRU table, so that a flood of SYNs pushes
 * out only its own kind. */
#ifndef NFUP_FSM_H
#define NFUP_FSM_H

#include "../nfup.h"
#include "../lib/tcp.h"
#include "fsm_entry.h"

NFUP_STATE(FSM, BPF_MAP_TYPE_LRU_HASH, struct flow_key, struct fsm_entry, 65536);

#endif
