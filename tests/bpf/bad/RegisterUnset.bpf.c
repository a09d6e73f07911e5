/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(RegisterUnset, "reads a register that nobody has written")
{
	__u64 x;

	asm volatile("%0 = r9" : "=r"(x)); /* refused */
	p->mark = x;
	return NEXT(0);
}
