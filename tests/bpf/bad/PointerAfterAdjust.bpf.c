/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(PointerAfterAdjust, "keeps a pointer into a frame that has moved")
{
	__u8 *frame = at(ctx, 0, 14);

	if (!frame)
		return DROP(TRUNCATED);
	if (bpf_xdp_adjust_head(ctx, -4))
		return DROP(HEADROOM);
	p->paint = *frame; /* refused */
	return NEXT(0);
}
