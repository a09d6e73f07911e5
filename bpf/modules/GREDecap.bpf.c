/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/csum.h"
#include "lib/decap.h"
#include "lib/gre.h"

#include <linux/in.h>

NFUP_PARAM(__u64, KEY, "int", "4294967296", "0..4294967295", "the key (RFC 2890); unless given, packets without one");
NFUP_OUTPUTS("out, other?");
NFUP_REQUIRES("ip-header");
NFUP_REVOKES("*@0");
NFUP_USES("csum");

#define OTHER (-2) /* not of this tunnel */

/* The word that a flag speaks of, if it is set. False: the frame ends before. */
static __always_inline int skip_word(struct xdp_md *ctx, __u32 *offset, int there, __be32 *word)
{
	__be32 *found;

	if (!there)
		return 1;
	found = at(ctx, *offset, sizeof(*found));
	if (!found)
		return 0;
	*word = *found;
	*offset += sizeof(*found);
	return 1;
}

static __always_inline int checksum_ok(struct xdp_md *ctx, struct pkt *p)
{
	__s64 sum = csum_bytes(ctx, p->l4, p->l3 + p->l3_len - p->l4, 0);

	return sum >= 0 && csum_fold(sum) == 0xffff;
}

/* A sequence number is passed over: packets may come in any order, as without a tunnel. */
static __always_inline int take_out(struct xdp_md *ctx, struct pkt *p)
{
	__u32 offset = p->l4, flags;
	__be32 checksum, key = 0, sequence;
	struct gre *gre;
	__be16 type;

	if (p->ip_proto != IPPROTO_GRE || p->flags & PKT_FRAGMENT)
		return OTHER;
	gre = at(ctx, offset, sizeof(*gre));
	if (!gre)
		return NFUP_DROP_TRUNCATED;
	flags = bpf_ntohs(gre->flags);
	type = gre->protocol;
	/* source routes of RFC 1701, bits that must be 0, and PPTP's version 1 */
	if (flags & ~(GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE))
		return OTHER;
	if (type != bpf_htons(ETH_P_IP) && type != bpf_htons(ETH_P_IPV6))
		return OTHER;
	offset += sizeof(*gre);
	if (!skip_word(ctx, &offset, flags & GRE_CHECKSUM, &checksum) ||
	    !skip_word(ctx, &offset, flags & GRE_KEY, &key) ||
	    !skip_word(ctx, &offset, flags & GRE_SEQUENCE, &sequence))
		return NFUP_DROP_TRUNCATED;
	if ((flags & GRE_KEY ? bpf_ntohl(key) : GRE_NO_KEY) != KEY)
		return OTHER;
	if (flags & GRE_CHECKSUM && !checksum_ok(ctx, p))
		return NFUP_DROP_BAD_L4_CHECKSUM;
	return decapsulate(ctx, p, offset, type);
}

NFUP_MODULE(GREDecap, "Take the IP packet out of the GRE packet around it; all else goes to the other output")
{
	int finding = take_out(ctx, p);

	if (finding == PASSED)
		return NEXT(0);
	if (finding == OTHER)
		return NEXT_OR_DROP(1, NFUP_DROP_NO_MATCH);
	return DROP_FOR(finding);
}
