/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_PARAM(__u64, P, "fraction", REQUIRED, "", "the probability that a packet is in the sample");
NFUP_OUTPUTS("sample, rest?");

NFUP_MODULE(RandomSample, "Let packets through with probability P; the others go to the other output")
{
	if (bpf_get_prandom_u32() < P) /* of 2^32 */
		return NEXT(0);
	return NEXT_OR_DROP(1, NFUP_DROP_DISCARD);
}
