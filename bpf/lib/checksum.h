/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Internet checksum (RFC 1071): one's complement sums of 16-bit words in
 * frame order. Sums are kept unfolded; a sum over data with its checksum in
 * place folds to 0xffff. */
#ifndef NFUP_CHECKSUM_H
#define NFUP_CHECKSUM_H

#include <bpf/bpf_endian.h>

#include "../nfup.h"

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

/* A header's checksum after one of its words changed (RFC 1624 eq. 3). */
static __always_inline __u16 csum_replace(__u16 check, __u16 from, __u16 to)
{
	return ~csum_fold((__u64)(__u16)~check + (__u16)~from + to);
}

/* bpf_csum_diff takes this many bytes at a time (before 6.15). */
#define CSUM_CHUNK 512
#define CSUM_CHUNKS 32 /* 16 KiB: more than at() reaches */
#define CSUM_INLINE 64

static __always_inline __u64 csum_words(const __u32 *word, __u32 bytes)
{
	__u64 sum = 0;

#pragma unroll
	for (__u32 i = 0; i < bytes / 4; i++)
		sum += word[i];
	return sum;
}

/* Adds a piece of constant size and moves past it: by the helper, or word by
 * word where the call would cost more than the sum. */
#define CSUM_PIECE(bytes)                                                  \
	do {                                                               \
		void *piece = at(ctx, offset, bytes);                      \
                                                                           \
		if (!piece)                                                \
			return -1;                                         \
		if (bytes > CSUM_INLINE)                                   \
			sum = bpf_csum_diff(0, 0, piece, bytes, csum_32(sum)); \
		else                                                       \
			sum += csum_words(piece, bytes);                   \
		offset += bytes;                                           \
	} while (0)

/* Adds `length` bytes at `offset`, an even distance from where the sum began.
 * The verifier wants constant sizes, so the rest behind the full chunks is
 * taken in halves. Negative: the frame ends before. */
static __always_inline __s64 csum_bytes(struct xdp_md *ctx, __u32 offset, __u32 length, __u64 seed)
{
	__u64 sum = csum_32(seed);
	__u32 chunks = length / CSUM_CHUNK;
	__u8 *b;

	for (__u32 i = 0; i < CSUM_CHUNKS; i++) {
		if (i >= chunks)
			break;
		CSUM_PIECE(CSUM_CHUNK);
	}
	if (length & 256)
		CSUM_PIECE(256);
	if (length & 128)
		CSUM_PIECE(128);
	if (length & 64)
		CSUM_PIECE(64);
	if (length & 32)
		CSUM_PIECE(32);
	if (length & 16)
		CSUM_PIECE(16);
	if (length & 8)
		CSUM_PIECE(8);
	if (length & 4)
		CSUM_PIECE(4);
	if (length & 2) {
		b = at(ctx, offset, 2);
		if (!b)
			return -1;
		sum += *(__u16 *)b;
		offset += 2;
	}
	if (length & 1) {
		b = at(ctx, offset, 1);
		if (!b)
			return -1;
		sum += bpf_htons(*b << 8);
	}
	return sum;
}

#endif
