/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The TOS byte of IPv4 and the traffic class of IPv6: DSCP (RFC 2474) and ECN (RFC 3168). */
#ifndef NFUP_TOS_H
#define NFUP_TOS_H

#include <bpf/bpf_endian.h>

#include "checksum.h"

#define ECN_MASK 3

enum ecn { ECN_NOT_ECT = 0, ECN_ECT1 = 1, ECN_ECT0 = 2, ECN_CE = 3 };

/* `header`: of IPv4, or 2 bytes of IPv6. */
static __always_inline __u8 read_tos(const __be16 *header, int ip4)
{
	return bpf_ntohs(*header) >> (ip4 ? 0 : 4);
}

/* `header`: of IPv4, whose checksum follows, or 2 bytes of IPv6. */
static __always_inline void write_tos(__be16 *header, int ip4, __u8 tos)
{
	__be16 old = *header;

	if (!ip4) {
		*header = (old & bpf_htons(0xf00f)) | bpf_htons(tos << 4);
		return;
	}
	*header = (old & bpf_htons(0xff00)) | bpf_htons(tos);
	header[5] = csum_replace(header[5], old, *header);
}

#endif
