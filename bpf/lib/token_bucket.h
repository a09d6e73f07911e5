/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A token bucket in one word that any CPU may exchange: the generic cell rate algorithm,
 * virtual scheduling (ITU-T I.371, annex A). The word, `due`, is when all that has passed
 * would be through at the bucket's rate; once that is over, the bucket is full. */
#ifndef NFUP_TOKEN_BUCKET_H
#define NFUP_TOKEN_BUCKET_H

#include "../nfup.h"

/* A bucket's parameters, by Click's names. */
#define BUCKET_PARAMS(units)                                                                         \
	NFUP_PARAM(__u64, RATE, "rate", REQUIRED, "1..1000G", units " a second");                    \
	NFUP_PARAM(__u64, BURST_DURATION, "duration", "20ms", "1us..1h",                             \
		   "what RATE lets through in this time may come at once; one packet always may");   \
	NFUP_PARAM(__u32, BURST_SIZE, "size", "0", "", "or so many " units " may, if not 0")

struct bucket_terms {
	__u64 rate;	      /* packets or bytes a second */
	__u64 burst_duration; /* ns */
	__u32 burst_size;     /* packets or bytes */
};
#define BUCKET_TERMS {RATE, BURST_DURATION, BURST_SIZE}

#define BUCKET_TRIES 16 /* against other CPUs: each that fails is a packet of theirs that passed */

/* ns that `units` take, to the nearest. */
static __always_inline __u64 bucket_ns(const struct bucket_terms *terms, __u32 units)
{
	return (units * 1000000000ull + terms->rate / 2) / terms->rate;
}

/* Takes `units`, packets or bytes, out of the bucket if they are in it. `now`: ns of the
 * monotonic clock. */
static __always_inline int bucket_take(__u64 *due, const struct bucket_terms *terms, __u32 units, __u64 now)
{
	__u64 cost = bucket_ns(terms, units), depth = terms->burst_duration;

	if (terms->burst_size)
		depth = bucket_ns(terms, terms->burst_size);
	if (depth < cost)
		depth = cost;
	for (int i = 0; i < BUCKET_TRIES; i++) {
		__u64 seen = *(volatile __u64 *)due, begin = seen;

		/* full; beyond the depth: by a clock or a depth that is no more, so full too */
		if (seen < now || seen > now + depth)
			begin = now;
		if (begin + cost > now + depth)
			return 0;
		if (__sync_val_compare_and_swap(due, seen, begin + cost) == seen)
			return 1;
	}
	return 0;
}

#endif
