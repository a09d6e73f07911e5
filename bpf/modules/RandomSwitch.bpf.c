/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/switch.h"

NFUP_OUTPUTS("share*");

NFUP_MODULE(RandomSwitch, "Send each packet to an output chosen at random")
{
	SWITCH((__u64)bpf_get_prandom_u32() * connected_outputs() >> 32);
}
