/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Checksums that cover a pseudo header (RFC 9293 §3.1, RFC 768, RFC 8200 §8.1).
 * Needs the functionality `csum`. */
#ifndef NFUP_L4_CHECKSUM_H
#define NFUP_L4_CHECKSUM_H

#include <linux/if_ether.h>

#include "../bytes.h"
#include "../contract.h"
#include "csum.h"

/* Do the pseudo header for `proto` and the `length` bytes at p->l4, checksum
 * included, sum up to all ones? 0 also when the frame ends before. */
static __always_inline int l4_checksum_ok(struct xdp_md *ctx, const struct pkt *p, __u32 length, __u32 proto)
{
	__u32 *addresses;
	__s64 sum = bpf_htonl(length);

	sum += bpf_htonl(proto);
	if (p->ethertype == bpf_htons(ETH_P_IP)) {
		addresses = at(ctx, p->l3 + 12, 8);
		if (!addresses)
			return 0;
		sum += csum_words(addresses, 8);
	} else {
		addresses = at(ctx, p->l3 + 8, 32);
		if (!addresses)
			return 0;
		sum += csum_words(addresses, 32);
	}
	sum = csum_bytes(ctx, p->l4, length, sum);
	return sum >= 0 && csum_fold(sum) == 0xffff;
}

#endif
