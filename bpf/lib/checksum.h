/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Internet checksum (RFC 1071): one's complement sums of 16-bit words in
 * frame order. Sums are kept unfolded; a sum over data with its checksum in
 * place folds to 0xffff. */
#ifndef NFUP_CHECKSUM_H
#define NFUP_CHECKSUM_H

#include <linux/types.h>

static __always_inline __u32 csum_32(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (sum & 0xffffffff) + (sum >> 32);
}

static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = csum_32(sum);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* `bytes`: a constant. */
static __always_inline __u64 csum_words(const __u32 *word, __u32 bytes)
{
	__u64 sum = 0;

#pragma unroll
	for (__u32 i = 0; i < bytes / 4; i++)
		sum += word[i];
	return sum;
}

/* A header's checksum after one of its words changed (RFC 1624 eq. 3). */
static __always_inline __u16 csum_replace(__u16 check, __u16 from, __u16 to)
{
	return ~csum_fold((__u64)(__u16)~check + (__u16)~from + to);
}

/* The same in two steps, for a header with several changed words: what each
 * adds to the sum, and the checksum after all of them. */
static __always_inline __u64 csum_change(__u32 from, __u32 to)
{
	return (__u64)(__u32)~from + to;
}

static __always_inline __u64 csum_change16(__u16 from, __u16 to)
{
	return (__u64)(__u16)~from + to;
}

static __always_inline __u16 csum_apply(__u16 check, __u64 change)
{
	return ~csum_fold((__u64)(__u16)~check + csum_32(change));
}

#endif
