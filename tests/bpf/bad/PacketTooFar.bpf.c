/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(PacketTooFar, "asks for 14 bytes and reads the 24th")
{
	__u8 *frame = at(ctx, 0, 14);

	if (!frame)
		return DROP(TRUNCATED);
	p->ip_proto = frame[23]; /* refused */
	return NEXT(0);
}
