/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_PARAM(__u8, COLOR, "int", REQUIRED, "0..255", "the paint, which PaintSwitch looks at");
NFUP_OUTPUTS("out");

NFUP_MODULE(Paint, "Set the packet's paint annotation to COLOR")
{
	p->paint = COLOR;
	return NEXT(0);
}
