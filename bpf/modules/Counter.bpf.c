/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

/* Every node counts packets and bytes under its name: a Counter is a place in
 * the chain that has a name. */
NFUP_MODULE(Counter, "Count packets and bytes under this node's name")
{
	return NEXT(0);
}
