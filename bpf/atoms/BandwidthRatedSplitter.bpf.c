/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bucket.h"

BUCKET_PARAMS("bytes");
NFUP_OUTPUTS("out, excess?");

NFUP_ATOM(BandwidthRatedSplitter, "Let frames of RATE bytes a second through; those beyond it go to the other output")
{
	const struct bucket_terms terms = BUCKET_TERMS;

	if (within_rate(&terms, bytes_from(ctx, p->l2)))
		return NEXT(0);
	return NEXT_OR_DROP(1, NFUP_DROP_RATE_LIMITED);
}
