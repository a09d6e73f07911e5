/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/filter_search.h"

NFUP_PARAM(struct filter_program, RULES, "rules", REQUIRED, "",
	   "ACTION EXPRESSION, as in `allow tcp dst port 80`; actions: allow, deny, number of an output");
NFUP_OUTPUTS("pass*");
NFUP_REQUIRES("ip-header, five-tuple");

NFUP_MODULE(IPFilter, "Send each packet where the first rule that it meets says; drop it when no rule does")
{
	return FILTER_NODE();
}
