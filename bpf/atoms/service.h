/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state SERVICE: written by the operator. */
#ifndef NFUP_SERVICE_H
#define NFUP_SERVICE_H

#include "../nfup.h"
#include "service_entry.h"

NFUP_STATE(SERVICE, BPF_MAP_TYPE_HASH, struct service_key, struct service_entry, 4096);

#endif
