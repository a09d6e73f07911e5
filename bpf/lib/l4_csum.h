/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functionality `l4_csum`: checksums that cover a pseudo header (RFC 9293 §3.1,
 * RFC 768, RFC 8200 §8.1). */
#ifndef NFUP_L4_CSUM_H
#define NFUP_L4_CSUM_H

#include "checksum.h"

struct xdp_md;
struct pkt;

/* Do the pseudo header for `proto` and the `length` bytes at p->l4, checksum
 * included, sum up to all ones? 0 also when the frame ends before. */
extern int l4_csum_ok(struct xdp_md *ctx, struct pkt *p, __u32 length, __u32 proto);

#endif
