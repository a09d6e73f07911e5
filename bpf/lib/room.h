/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes in front of the frame. */
#ifndef NFUP_ROOM_H
#define NFUP_ROOM_H

#include "../bytes.h"
#include "../contract.h"

/* The frame begins `size` bytes earlier from now on: p->l2 is where they are, with
 * whatever is in them. All other offsets go on meaning the same bytes; the cursor, if it
 * was at the start of the frame, is there again. Pointers into the frame are void.
 * False: the driver left no room. */
static __always_inline int make_room(struct xdp_md *ctx, struct pkt *p, __u32 size)
{
	int at_front = p->cursor == p->l2;

	if (p->l2 >= size) { /* left over from what was taken off */
		p->l2 -= size;
	} else {
		if (bpf_xdp_adjust_head(ctx, -(int)size))
			return 0;
		p->cursor += size;
		p->l3 += size;
		p->l4 += size;
		p->payload += size;
	}
	if (at_front)
		p->cursor = p->l2;
	return 1;
}

#endif
