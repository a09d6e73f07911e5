/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/switch.h"

NFUP_OUTPUTS("paint*");

NFUP_MODULE(PaintSwitch, "Send each packet to the output that its paint annotation numbers")
{
	SWITCH(p->paint);
}
