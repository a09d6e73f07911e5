/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parameters of the types "prefix4", "prefix" and "portrange". */
#ifndef NFUP_RANGES_H
#define NFUP_RANGES_H

#include <linux/types.h>
#include <bpf/bpf_endian.h>

struct prefix4 {
	__be32 addr;
	__be32 mask;
};

/* Of either family; IPv4 addresses are mapped. */
struct prefix {
	__be32 word[4];
	__u8 length; /* of 128 */
	__u8 zero[3];
};

static __always_inline int in_prefix(const __be32 *address, const volatile struct prefix *prefix)
{
	__be32 different = 0;

	for (int i = 0; i < 4; i++) {
		int bits = prefix->length - 32 * i;
		__u32 mask = bits <= 0 ? 0 : bits >= 32 ? ~0u : ~0u << (32 - bits);

		different |= (address[i] ^ prefix->word[i]) & bpf_htonl(mask);
	}
	return !different;
}

struct portrange {
	__u16 low; /* host order */
	__u16 high;
};

#endif
