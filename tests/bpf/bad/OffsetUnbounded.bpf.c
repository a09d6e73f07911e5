/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(OffsetUnbounded, "an offset that may be anything")
{
	__u8 *frame = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	frame += (__s64)bpf_ktime_get_ns(); /* refused */
	if (frame + 1 > end)
		return DROP(TRUNCATED);
	p->paint = *frame;
	return NEXT(0);
}
