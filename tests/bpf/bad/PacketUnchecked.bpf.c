/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(PacketUnchecked, "reads the frame without asking how long it is")
{
	__u8 *frame = (void *)(long)ctx->data;

	if (frame[12] == 8) /* refused */
		p->paint = 1;
	return NEXT(0);
}
