/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/switch.h"

NFUP_PARAM(__u32, OUTPUT, "int", "0", "0..31", "the output that packets leave by");
NFUP_OUTPUTS("out*");

NFUP_MODULE(Switch, "Send every packet to output OUTPUT; an upgrade throws the switch")
{
	SWITCH(OUTPUT);
}
