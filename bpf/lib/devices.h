/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A list of devices as a parameter: type "devices", an output each. Written by
 * the resolver. Plain C, included by both sides. */
#ifndef NFUP_DEVICES_H
#define NFUP_DEVICES_H

#include "../contract.h"

#define NFUP_MAX_DEVICES (NFUP_MAX_OUTPUTS - 1) /* one output is for what goes to none of them */

struct device_list {
	__u32 count;
	__u32 port[NFUP_MAX_DEVICES];
};

#endif
