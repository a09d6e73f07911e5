/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(CodeNeverReached, "has an instruction that no path comes to")
{
	asm volatile("goto +1; r0 = 1"); /* refused */
	return NEXT(0);
}
