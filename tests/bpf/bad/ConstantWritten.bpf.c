/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_PARAM(__u32, LIMIT, "size", "0", "", "a constant");
NFUP_OUTPUTS("out");

NFUP_MODULE(ConstantWritten, "writes a parameter")
{
	*(volatile __u32 *)&LIMIT = p->mark; /* refused */
	return NEXT(0);
}
