/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_PARAM(__u32, DEVICE, "device", REQUIRED, "", "the port whose packets start here");
NFUP_INPUTS(0);
NFUP_OUTPUTS("out");

NFUP_MODULE(FromDevice, "Start the path of the packets received from DEVICE")
{
	/* The context is the previous packet's: clear all but the flow, which
	 * nobody may read before a node has set it. */
	__builtin_memset(p, 0, __builtin_offsetof(struct pkt, flow));
	p->port = DEVICE;
	return NEXT(0);
}
