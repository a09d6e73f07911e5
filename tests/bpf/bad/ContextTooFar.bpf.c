/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(ContextTooFar, "reads behind the end of struct xdp_md")
{
	p->mark = *(volatile __u32 *)((void *)ctx + 100); /* refused */
	return NEXT(0);
}
