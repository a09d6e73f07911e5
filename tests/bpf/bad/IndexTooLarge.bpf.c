/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(IndexTooLarge, "an index whose bound is larger than the array")
{
	__u32 i = p->mark;

	asm volatile("" : "+r"(i));
	if (i < 100)
		p->flow.saddr[i] = 0; /* refused */
	return NEXT(0);
}
