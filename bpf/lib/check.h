/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a header check finds: PASSED, or the enum drop_reason of the first rule
 * that the packet breaks. The Check* modules send the packet to output 0 or 1
 * by it, so that each output has one call site. */
#ifndef NFUP_CHECK_H
#define NFUP_CHECK_H

#define PASSED (-1)

/* How such a module ends. */
#define CHECKED(finding)                                                   \
	({                                                                 \
		int finding_ = (finding);                                  \
                                                                           \
		finding_ == PASSED ? NEXT(0) : NEXT_OR_DROP(1, finding_);  \
	})

/* Drop the packet for what was found. */
#define DROP_FOR(finding)                 \
	({                                \
		nfup_count_drop(finding); \
		XDP_DROP;                 \
	})

#endif
