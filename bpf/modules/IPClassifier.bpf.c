/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/filter_search.h"

NFUP_PARAM(struct filter_program, RULES, "expressions", REQUIRED, "",
	   "as in `tcp dst port 80`, `-` matches all; one expression an output");
NFUP_OUTPUTS("match*");
NFUP_REQUIRES("ip-header, five-tuple");

NFUP_MODULE(IPClassifier, "Send each packet to the output of the first expression that it meets")
{
	return FILTER_NODE();
}
