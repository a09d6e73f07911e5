/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_STATE(BAD, BPF_MAP_TYPE_HASH, __u32, __u64, 16);

NFUP_OUTPUTS("out");

NFUP_ATOM(WrongArgument, "gives a key where its address is wanted")
{
	if (state_lookup(BAD, (void *)(long)p->mark)) /* refused */
		p->paint = 1;
	return NEXT(0);
}
