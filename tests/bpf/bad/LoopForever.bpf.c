/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(LoopForever, "waits for a word to change")
{
	while (*(volatile __u32 *)&p->mark) /* refused */
		;
	return NEXT(0);
}
