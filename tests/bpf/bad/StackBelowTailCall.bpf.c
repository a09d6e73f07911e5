/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

static __attribute__((noinline)) int go_on(struct xdp_md *ctx)
{
	return NEXT(0);
}

NFUP_MODULE(StackBelowTailCall, "leaves by a function, with 320 bytes of stack in use")
{
	volatile __u32 room[80];

	for (int i = 0; i < 80; i++)
		room[i] = p->mark;
	p->mark = room[p->mark & 63];
	return go_on(ctx);
}
