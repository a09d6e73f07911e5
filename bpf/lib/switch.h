/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Classes that choose one of as many outputs as are connected (NFUP_OUTPUTS("out*")
 * without a list parameter). */
#ifndef NFUP_SWITCH_H
#define NFUP_SWITCH_H

#include "../nfup.h"

/* How many are connected: the tools let none be left out in between. */
static __always_inline __u32 connected_outputs(void)
{
	__u32 n = 0;

	while (n < NFUP_MAX_OUTPUTS && nfup_out[n] != NFUP_NO_SLOT)
		n++;
	return n;
}

#define NFUP_SWITCH_CASE(i) \
	if (choice_ == i)   \
		return NEXT_OR_DROP(i, NFUP_DROP_UNCONNECTED);
#define NFUP_SWITCH_CASES(a, b, c, d) \
	NFUP_SWITCH_CASE(a) NFUP_SWITCH_CASE(b) NFUP_SWITCH_CASE(c) NFUP_SWITCH_CASE(d)

/* Ends the body: to output `choice`; where none is connected, drop. */
#define SWITCH(choice)                                                         \
	do {                                                                   \
		__u32 choice_ = (choice);                                      \
                                                                               \
		NFUP_SWITCH_CASES(0, 1, 2, 3) NFUP_SWITCH_CASES(4, 5, 6, 7)         \
		NFUP_SWITCH_CASES(8, 9, 10, 11) NFUP_SWITCH_CASES(12, 13, 14, 15)   \
		NFUP_SWITCH_CASES(16, 17, 18, 19) NFUP_SWITCH_CASES(20, 21, 22, 23) \
		NFUP_SWITCH_CASES(24, 25, 26, 27) NFUP_SWITCH_CASES(28, 29, 30, 31) \
		return DROP(UNCONNECTED);                                      \
	} while (0)

#endif
