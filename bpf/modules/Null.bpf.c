/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("out");

NFUP_MODULE(Null, "Pass every packet on, unchanged")
{
	return NEXT(0);
}
