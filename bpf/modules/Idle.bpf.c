/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out?");

/* Click's Idle: takes packets and never emits one, whatever is behind it. */
NFUP_MODULE(Idle, "Drop every packet; nothing ever comes out behind it")
{
	return DROP(DISCARD);
}
