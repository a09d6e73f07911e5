/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "functionality.h"
#include "lib/csum.h"

NFUP_FUNCTIONALITY(csum, "", "", "Internet checksum (RFC 1071) over bytes of the frame");

/* The verifier wants constant sizes. Four sizes in loops, each until less is
 * left: paths meet again after each, while a binary ladder of sizes would make it
 * look at every subset (24,000 instructions instead of 4,300). */
#define CSUM_CHUNK 512 /* what bpf_csum_diff takes at a time (before 6.15) */
#define CSUM_CHUNKS 32 /* 16 KiB: more than at() reaches */
#define CSUM_BLOCK 64  /* summed inline: less than the helper's call costs */
#define CSUM_SMALL 16

NFUP_FUNCTION_BY_ITSELF __s64 csum_bytes(struct xdp_md *ctx, __u32 offset, __u32 length, __u64 seed)
{
	__u64 sum = csum_32(seed);
	void *piece;
	__u8 *b;

	for (__u32 i = 0; i < CSUM_CHUNKS && length >= CSUM_CHUNK; i++) {
		piece = at(ctx, offset, CSUM_CHUNK);
		if (!piece)
			return -1;
		sum = bpf_csum_diff(0, 0, piece, CSUM_CHUNK, csum_32(sum));
		offset += CSUM_CHUNK;
		length -= CSUM_CHUNK;
	}
	for (__u32 i = 0; i < CSUM_CHUNK / CSUM_BLOCK && length >= CSUM_BLOCK; i++) {
		piece = at(ctx, offset, CSUM_BLOCK);
		if (!piece)
			return -1;
		sum += csum_words(piece, CSUM_BLOCK);
		offset += CSUM_BLOCK;
		length -= CSUM_BLOCK;
	}
	for (__u32 i = 0; i < CSUM_BLOCK / CSUM_SMALL && length >= CSUM_SMALL; i++) {
		piece = at(ctx, offset, CSUM_SMALL);
		if (!piece)
			return -1;
		sum += csum_words(piece, CSUM_SMALL);
		offset += CSUM_SMALL;
		length -= CSUM_SMALL;
	}
	for (__u32 i = 0; i < CSUM_SMALL / 4 && length >= 4; i++) {
		piece = at(ctx, offset, 4);
		if (!piece)
			return -1;
		sum += *(__u32 *)piece;
		offset += 4;
		length -= 4;
	}
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
