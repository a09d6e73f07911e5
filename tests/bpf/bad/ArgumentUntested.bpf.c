/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

__attribute__((noinline)) int paint_of(struct pkt *packet)
{
	return packet->paint; /* refused */
}

NFUP_MODULE(ArgumentUntested, "a global function that trusts its argument")
{
	p->mark = paint_of(p);
	return NEXT(0);
}
