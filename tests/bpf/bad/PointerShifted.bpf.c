/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(PointerShifted, "computes with a pointer as with a number")
{
	p->mark = (__u32)((long)p >> 3); /* refused */
	return NEXT(0);
}
