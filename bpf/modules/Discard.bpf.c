/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("");

NFUP_MODULE(Discard, "Drop every packet")
{
	return DROP(DISCARD);
}
