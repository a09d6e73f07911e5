/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Generic routing encapsulation (RFC 2784, RFC 2890). */
#ifndef NFUP_GRE_H
#define NFUP_GRE_H

#include <linux/types.h>

struct gre {
	__be16 flags; /* and version, the last three bits */
	__be16 protocol;
};

/* Each says that four more bytes follow, in this order. */
#define GRE_CHECKSUM 0x8000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000

#define GRE_NO_KEY (1ull << 32) /* one more than there are */

#endif
