/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functionality `csum`: the Internet checksum over bytes of the frame. */
#ifndef NFUP_CSUM_H
#define NFUP_CSUM_H

#include "checksum.h"

struct xdp_md;

/* `seed` plus the sum of `length` bytes at `offset`, an even distance from where
 * the sum began. Unfolded; negative: the frame ends before. */
extern __s64 csum_bytes(struct xdp_md *ctx, __u32 offset, __u32 length, __u64 seed);

#endif
