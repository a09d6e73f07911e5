/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/match.h"

NFUP_PARAM(struct classifier_program, PATTERNS, "patterns", REQUIRED, "",
	   "OFFSET/HEX[%MASK] clauses, `!` negates, `-` matches all; one pattern an output");
NFUP_OUTPUTS("match*");

#define PATTERN(i)                                     \
	if (i >= PATTERNS.patterns)                    \
		return DROP(NO_MATCH);                 \
	if (pattern_matches(ctx, p->cursor, &PATTERNS, i)) \
		return NEXT(i);

NFUP_MODULE(Classifier, "Send each packet to the output of the first pattern that matches its bytes")
{
	PATTERN(0) PATTERN(1) PATTERN(2) PATTERN(3)
	PATTERN(4) PATTERN(5) PATTERN(6) PATTERN(7)
	PATTERN(8) PATTERN(9) PATTERN(10) PATTERN(11)
	PATTERN(12) PATTERN(13) PATTERN(14) PATTERN(15)
	return DROP(NO_MATCH);
}
