/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_STATE(BAD, BPF_MAP_TYPE_ARRAY, __u32, __u32, 16);

NFUP_OUTPUTS("out");

NFUP_ATOM(WrongMapForTailCall, "jumps through a map that is no prog array")
{
	if (p->mark)
		bpf_tail_call(ctx, &BAD, 3); /* refused */
	return NEXT(0);
}
