/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a list of Classifier patterns is compiled to. Written by the resolver
 * (intent/patterns.cpp), run by modules/Classifier.bpf.c. Plain C, included by
 * both sides.
 *
 * A pattern is a conjunction of clauses; `-` is a pattern without any. A clause
 * is one test, or several in a row when it spans more than four bytes: all but
 * its last test have CLASSIFIER_MORE set. A clause holds when all its tests
 * hold; CLASSIFIER_NEGATE, set on every test of a negated clause, turns that
 * round. The first pattern all of whose clauses hold wins. A packet that ends
 * before a byte some clause looks at does not match that pattern, negated or
 * not. */
#ifndef NFUP_CLASSIFIER_H
#define NFUP_CLASSIFIER_H

#include <linux/types.h>

#define CLASSIFIER_MAX_PATTERNS 16
#define CLASSIFIER_MAX_TESTS 64 /* over all patterns */

/* bits of classifier_test.flags */
#define CLASSIFIER_NEGATE 0x01 /* the clause is negated */
#define CLASSIFIER_MORE 0x02   /* the clause goes on in the next test */

/* Holds when (the bytes at `offset`, as in the frame) & mask == value. */
struct classifier_test {
	__u16 offset; /* from pkt.cursor */
	__u8 length;  /* 1 to 4: bytes to read; the others are 0 in mask and value */
	__u8 flags;
	__be32 mask;
	__be32 value; /* no bit outside mask */
};

struct classifier_program {
	__u16 patterns;
	__u16 tests;
	__u16 first[CLASSIFIER_MAX_PATTERNS]; /* the pattern's first test */
	__u16 count[CLASSIFIER_MAX_PATTERNS]; /* how many it has; 0: matches all */
	struct classifier_test test[CLASSIFIER_MAX_TESTS];
};

#ifdef __cplusplus
static_assert(sizeof(classifier_program) == 4 + 4 * CLASSIFIER_MAX_PATTERNS + 12 * CLASSIFIER_MAX_TESTS);
#else
_Static_assert(sizeof(struct classifier_test) == 12, "no padding");
#endif

#endif
