/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/switch.h"

NFUP_OUTPUTS("turn*");

/* The node's own packet counter says whose turn it is: per CPU, as it is. */
NFUP_MODULE(RoundRobinSwitch, "Send packets to the outputs in turn, on each CPU")
{
	__u32 outputs = connected_outputs();

	if (!outputs)
		return DROP(UNCONNECTED);
	SWITCH((nfup_packets() - 1) % outputs);
}
