/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(HelperOfOthers, "calls a helper that is for other programs")
{
	p->mark = bpf_skb_pull_data((void *)ctx, 0); /* refused */
	return NEXT(0);
}
