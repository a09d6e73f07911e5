/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP options: RFC 9293 section 3.1, RFC 7323, RFC 2018. */
#ifndef NFUP_TCP_OPTIONS_H
#define NFUP_TCP_OPTIONS_H

#include "../loop.h"
#include "check.h"
#include "tcp.h"

#define TCP_MAX_OPTIONS 40 /* bytes */
#define TCP_MAX_SCALE 14   /* RFC 7323 section 2.3 */

enum {
	TCP_OPTION_END = 0,
	TCP_OPTION_NOP = 1,
	TCP_OPTION_MSS = 2,
	TCP_OPTION_SCALE = 3,
	TCP_OPTION_SACK_OK = 4,
	TCP_OPTION_SACK = 5,
};

struct tcp_options {
	__u32 sack; /* the acknowledgement, or the highest right edge of a SACK block behind it */
	__u32 has_scale, scale;
	__u32 sack_ok;
	__u32 mss; /* where the option is in the frame; 0: nowhere */
};

static __always_inline int tcp_after(__u32 a, __u32 b)
{
	return (__s32)(b - a) < 0;
}

/* The only option of most segments, padded as all stacks do (RFC 7323 appendix A). */
static __always_inline int tcp_only_timestamps(struct xdp_md *ctx, __u32 options, __u32 end)
{
	__be32 *word = at(ctx, options, 12);

	return end - options == 12 && word && *word == bpf_htonl(0x0101080a);
}

static __always_inline void tcp_sack_blocks(struct xdp_md *ctx, __u32 offset, __u32 size, struct tcp_options *o)
{
	__u32 *right, edge;

	for (__u32 i = 0; i < 4; i++) {
		if (2 + 8 * (i + 1) > size)
			return;
		right = at(ctx, offset + 2 + 8 * i + 4, 4);
		if (!right)
			return;
		edge = bpf_ntohl(*right);
		if (tcp_after(edge, o->sack))
			o->sack = edge;
	}
}

struct tcp_options_walk {
	struct xdp_md *ctx;
	__u32 offset, end; /* in the frame */
	struct tcp_options found;
};

static __always_inline void tcp_take_option(struct tcp_options_walk *w, __u8 kind, __u8 size)
{
	__u8 *b;

	if (kind == TCP_OPTION_SCALE && size == 3) {
		b = at(w->ctx, w->offset, 3);
		if (!b)
			return;
		w->found.has_scale = 1;
		w->found.scale = b[2] > TCP_MAX_SCALE ? TCP_MAX_SCALE : b[2];
	} else if (kind == TCP_OPTION_SACK_OK && size == 2) {
		w->found.sack_ok = 1;
	} else if (kind == TCP_OPTION_MSS && size == 4) {
		w->found.mss = w->offset;
	} else if (kind == TCP_OPTION_SACK) {
		tcp_sack_blocks(w->ctx, w->offset, size, &w->found);
	}
}

/* One option. True: it was the last, or is malformed. */
static long tcp_option(__u32 i NFUP_UNUSED, void *walk)
{
	struct tcp_options_walk *w = walk;
	__u8 *b = at(w->ctx, w->offset, 1), kind, size;

	if (!b || w->offset >= w->end || *b == TCP_OPTION_END)
		return 1;
	kind = *b;
	if (kind == TCP_OPTION_NOP) {
		w->offset++;
		return 0;
	}
	b = at(w->ctx, w->offset, 2);
	if (!b)
		return 1;
	size = b[1];
	if (size < 2 || w->offset + size > w->end)
		return 1;
	tcp_take_option(w, kind, size);
	w->offset += size;
	return 0;
}

/* Those from `offset` to `end` of a segment that acknowledges `ack`. A loop that the
 * verifier follows would be too long for it. */
static __always_inline struct tcp_options tcp_read_options(struct xdp_md *ctx, __u32 offset, __u32 end, __u32 ack)
{
	__u32 zero = unknown_zero(offset);
	struct tcp_options_walk w = {
		.ctx = ctx,
		.offset = offset,
		.end = end,
		.found = {.sack = ack, .has_scale = zero, .scale = zero, .sack_ok = zero, .mss = zero},
	};

	bpf_loop(TCP_MAX_OPTIONS, tcp_option, &w, 0);
	return w.found;
}

#endif
