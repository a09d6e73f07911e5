/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The framework's map of output devices: port index to ifindex. */
#ifndef NFUP_PORTS_H
#define NFUP_PORTS_H

#include "../nfup.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, NFUP_MAX_PORTS);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

#endif
