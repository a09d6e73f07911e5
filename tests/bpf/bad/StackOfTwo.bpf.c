/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

static __attribute__((noinline)) int fill(__u32 seed)
{
	volatile __u32 room[80];

	for (int i = 0; i < 80; i++)
		room[i] = seed;
	return room[seed & 63];
}

NFUP_MODULE(StackOfTwo, "two functions that need 640 bytes of stack together")
{
	volatile __u32 room[80];

	for (int i = 0; i < 80; i++)
		room[i] = p->mark;
	p->mark = fill(room[p->mark & 63]);
	return NEXT(0);
}
