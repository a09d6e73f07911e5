/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_PARAM(__u32, LENGTH, "size", REQUIRED, "0..2047", "bytes to move back");
NFUP_OUTPUTS("out");

NFUP_MODULE(Unstrip, "Move back by LENGTH bytes that Strip has moved past")
{
	if (p->cursor < p->l2 + LENGTH)
		return DROP(HEADROOM);
	p->cursor -= LENGTH;
	return NEXT(0);
}
