/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "functionality.h"
#include "lib/csum.h"

NFUP_FUNCTIONALITY(csum, "", "", "Internet checksum (RFC 1071) over bytes of the frame");

/* bpf_csum_diff takes this many bytes at a time (before 6.15). */
#define CSUM_CHUNK 512
#define CSUM_CHUNKS 32 /* 16 KiB: more than at() reaches */
#define CSUM_INLINE 64

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

/* The verifier wants constant sizes, so the rest behind the full chunks is taken
 * in halves. */
NFUP_FUNCTION __s64 csum_bytes(struct xdp_md *ctx, __u32 offset, __u32 length, __u64 seed)
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
