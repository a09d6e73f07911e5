/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(AtUntested, "does not test what at() returns")
{
	__u8 *type = at(ctx, p->cursor, 1);

	p->paint = *type; /* refused */
	return NEXT(0);
}
