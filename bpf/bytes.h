/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bytes of the frame, with the bounds check that the verifier wants. */
#ifndef NFUP_BYTES_H
#define NFUP_BYTES_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>

/* `size` bytes at `offset` from the start of the frame, or NULL if the frame is
 * shorter. The empty asm keeps the register that was bounded in use, which is
 * what the verifier wants to see. */
static __always_inline void *at(struct xdp_md *ctx, __u32 offset, __u32 size)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	asm volatile("" : "+r"(offset));
	if (offset > 0x3fff)
		return 0;
	data += offset;
	if (data + size > end)
		return 0;
	return data;
}

/* The asm keeps clang from taking the difference apart: the verifier lets nobody add
 * to the end of a frame. */
static __always_inline __u32 frame_length(struct xdp_md *ctx)
{
	__u64 length = (void *)(long)ctx->data_end - (void *)(long)ctx->data;

	asm volatile("" : "+r"(length));
	return length;
}

/* Bytes of the frame from `offset` on. The empty asm keeps the subtraction of the two
 * pointers one, which is all that the verifier allows. */
static __always_inline __u32 bytes_from(struct xdp_md *ctx, __u32 offset)
{
	__u32 length = ctx->data_end - ctx->data;

	asm volatile("" : "+r"(length));
	return length - offset;
}

#endif
