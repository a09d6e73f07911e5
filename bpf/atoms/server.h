/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state SERVER: written by the operator. */
#ifndef NFUP_SERVER_H
#define NFUP_SERVER_H

#include "../nfup.h"
#include "server_entry.h"

NFUP_STATE(SERVER, BPF_MAP_TYPE_HASH, struct server_key, struct server_entry, 4096);

#endif
