/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(TooManySteps, "a loop of a million steps")
{
	for (__u32 i = 0; i < 1000000; i++) /* refused */
		asm volatile("%[m] += %[i]" : [m] "+r"(i) : [i] "i"(0));
	return NEXT(0);
}
