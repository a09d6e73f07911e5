/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Running a classifier_program. The program is rodata, so all of its fields are
 * constants to the verifier: the branches of patterns, tests and lengths that
 * an instance does not have are removed from its code. */
#ifndef NFUP_MATCH_H
#define NFUP_MATCH_H

#include "../nfup.h"
#include "classifier.h"

enum match { MATCH_NO, MATCH_YES, MATCH_SHORT };

/* `length` bytes at `offset`, as they are in the frame; the rest is 0. */
static __always_inline enum match test_matches(struct xdp_md *ctx, __u32 offset,
					       const volatile struct classifier_test *t)
{
	__u32 length = t->length, word;
	const __u8 *b;

	if (length == 2) {
		b = at(ctx, offset, 2);
		if (!b)
			return MATCH_SHORT;
		word = *(const __u16 *)b;
	} else if (length == 1) {
		b = at(ctx, offset, 1);
		if (!b)
			return MATCH_SHORT;
		word = *b;
	} else if (length == 3) {
		b = at(ctx, offset, 3);
		if (!b)
			return MATCH_SHORT;
		word = *(const __u16 *)b | (__u32)b[2] << 16;
	} else {
		b = at(ctx, offset, 4);
		if (!b)
			return MATCH_SHORT;
		word = *(const __u32 *)b;
	}
	return (word & t->mask) == t->value ? MATCH_YES : MATCH_NO;
}

static __always_inline int pattern_matches(struct xdp_md *ctx, __u32 cursor,
					   const volatile struct classifier_program *program, __u32 i)
{
	__u32 first = program->first[i], count = program->count[i];
	int clause = 1;

	for (__u32 n = 0; n < CLASSIFIER_MAX_TESTS; n++) {
		const volatile struct classifier_test *t;
		enum match m;
		__u32 k = first + n;

		if (n >= count || k >= CLASSIFIER_MAX_TESTS)
			break;
		t = &program->test[k];
		m = test_matches(ctx, cursor + t->offset, t);
		if (m == MATCH_SHORT)
			return 0;
		clause &= m == MATCH_YES;
		if (t->flags & CLASSIFIER_MORE)
			continue;
		if (clause == !!(t->flags & CLASSIFIER_NEGATE))
			return 0;
		clause = 1;
	}
	return 1;
}

#endif
