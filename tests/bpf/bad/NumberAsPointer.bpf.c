/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(NumberAsPointer, "takes a number for an address")
{
	p->paint = *(volatile __u8 *)(long)p->mark; /* refused */
	return NEXT(0);
}
