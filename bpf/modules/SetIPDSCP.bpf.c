/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/checksum.h"

#include <linux/if_ether.h>

NFUP_PARAM(__u8, DSCP, "int", REQUIRED, "0..63", "the differentiated services code point (RFC 2474)");
NFUP_OUTPUTS("out");
NFUP_REQUIRES("ip-header");

/* In the first 16 bits of the header, host order. What else is there stays:
 * version, header length or flow label, and ECN (RFC 3168). */
#define DSCP_IP4 0x00fc
#define DSCP_IP6 0x0fc0

#define IP4_HEADER 20

static __always_inline void set_bits(__be16 *word, __u16 mask, __u16 bits)
{
	*word = (*word & ~bpf_htons(mask)) | bpf_htons(bits);
}

/* False: the header is not there. */
static __always_inline int set_dscp(struct xdp_md *ctx, struct pkt *p)
{
	__be16 *word, old;

	if (p->ethertype == bpf_htons(ETH_P_IPV6)) {
		word = at(ctx, p->l3, sizeof(*word));
		if (!word)
			return 0;
		set_bits(word, DSCP_IP6, DSCP << 6);
		return 1;
	}
	word = at(ctx, p->l3, IP4_HEADER);
	if (!word)
		return 0;
	old = word[0];
	set_bits(word, DSCP_IP4, DSCP << 2);
	word[5] = csum_replace(word[5], old, word[0]);
	return 1;
}

NFUP_MODULE(SetIPDSCP, "Set the DSCP of the IPv4 or IPv6 header; ECN stays, the checksum follows")
{
	if (!set_dscp(ctx, p))
		return DROP(TRUNCATED);
	return NEXT(0);
}
