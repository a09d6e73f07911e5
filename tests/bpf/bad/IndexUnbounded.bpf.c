/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(IndexUnbounded, "an index into the packet context that has no bound")
{
	p->paint = p->flow.saddr[p->mark]; /* refused */
	return NEXT(0);
}
