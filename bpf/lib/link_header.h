/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bytes in front of the IP header that ToDevice sends with it: none, or an Ethernet
 * header with up to two VLAN tags. */
#ifndef NFUP_LINK_HEADER_H
#define NFUP_LINK_HEADER_H

#include <linux/if_ether.h>

#include "../bytes.h"

/* Both places may overlap: all is read before anything is written. */
#define MOVE_LINK_HEADER(size)                               \
	do {                                                 \
		struct {                                     \
			__u16 word[(size) / 2];              \
		} copy_, *from_ = at(ctx, from, size),       \
			 *to_ = at(ctx, to, size);           \
                                                             \
		if (!from_ || !to_)                          \
			return 0;                            \
		copy_ = *from_;                              \
		*to_ = copy_;                                \
	} while (0)

/* `size` bytes from one offset to another; their EtherType becomes `ethertype`. False: the
 * frame ends before, or no such header has that size. */
static __always_inline int move_link_header(struct xdp_md *ctx, __u32 from, __u32 to, __u32 size, __be16 ethertype)
{
	__be16 *type;

	switch (size) {
	case 0:
		return 1;
	case ETH_HLEN:
		MOVE_LINK_HEADER(ETH_HLEN);
		break;
	case ETH_HLEN + 4:
		MOVE_LINK_HEADER(ETH_HLEN + 4);
		break;
	case ETH_HLEN + 8:
		MOVE_LINK_HEADER(ETH_HLEN + 8);
		break;
	default:
		return 0;
	}
	type = at(ctx, to + size - sizeof(*type), sizeof(*type));
	if (!type)
		return 0;
	*type = ethertype;
	return 1;
}

#endif
