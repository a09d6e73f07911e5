/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_STATE(BAD, BPF_MAP_TYPE_HASH, __u32, __u64, 16);

NFUP_OUTPUTS("out");

NFUP_ATOM(LookupUntested, "uses an entry that may not be there")
{
	__u64 *entry = state_lookup(BAD, &p->mark);

	*entry += 1; /* refused */
	return NEXT(0);
}
