/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_PARAM(__u32, LENGTH, "size", REQUIRED, "0..2047", "bytes to move past");
NFUP_OUTPUTS("out");

NFUP_MODULE(Strip, "Move past LENGTH bytes at the front of the packet (the frame keeps them)")
{
	if (!at(ctx, p->cursor, LENGTH))
		return DROP(TRUNCATED);
	p->cursor += LENGTH;
	return NEXT(0);
}
