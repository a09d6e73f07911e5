/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/flow_hash.h"
#include "lib/switch.h"

NFUP_OUTPUTS("share*");
NFUP_REQUIRES("five-tuple");

NFUP_MODULE(HashSwitch, "Send each flow, both directions alike, to an output chosen by a hash of it")
{
	/* A share of the hash's range each, which is fairer than a remainder and needs
	 * no division. */
	SWITCH((__u64)symmetric_hash(p) * connected_outputs() >> 32);
}
