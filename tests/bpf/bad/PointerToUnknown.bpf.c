/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(PointerToUnknown, "moves the context pointer by a number only known at run time")
{
	void *other = (void *)ctx + (p->mark & 4);

	p->mark = *(volatile __u32 *)other; /* refused */
	return NEXT(0);
}
