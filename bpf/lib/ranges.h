/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parameters of the types "prefix4" and "portrange". */
#ifndef NFUP_RANGES_H
#define NFUP_RANGES_H

#include <linux/types.h>

struct prefix4 {
	__be32 addr;
	__be32 mask;
};

struct portrange {
	__u16 low; /* host order */
	__u16 high;
};

#endif
