/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(LengthUnbounded, "gives a helper a length without an upper bound")
{
	p->mark = bpf_csum_diff(0, 0, (__be32 *)&p->flow, p->mark, 0); /* refused */
	return NEXT(0);
}
