/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ethernet addresses as parameters: type "mac". */
#ifndef NFUP_ETHER_H
#define NFUP_ETHER_H

#include <linux/if_ether.h>

struct mac {
	__u8 byte[ETH_ALEN];
};

#endif
