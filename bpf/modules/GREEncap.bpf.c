/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/encap.h"
#include "lib/gre.h"

NFUP_TUNNEL_PARAMS;
NFUP_PARAM(__u64, KEY, "int", "4294967296", "0..4294967295", "the key (RFC 2890); unless given, there is none");
NFUP_OUTPUTS("out, toobig?");
NFUP_REQUIRES("ip-header, five-tuple");
NFUP_REVOKES("*@0");
NFUP_PROVIDES("ip-header@0, five-tuple@0");

static __always_inline int encapsulate_gre(struct xdp_md *ctx, struct pkt *p)
{
	struct tunnel tunnel = TUNNEL;
	int has_key = KEY != GRE_NO_KEY, finding;
	__be16 type = p->ethertype;
	struct gre *gre;
	__be32 *key;

	finding = encapsulate(ctx, p, &tunnel, sizeof(*gre) + (has_key ? sizeof(*key) : 0), IPPROTO_GRE);
	if (finding != PASSED)
		return finding;
	gre = at(ctx, p->l4, sizeof(*gre));
	if (!gre)
		return NFUP_DROP_TRUNCATED;
	*gre = (struct gre){bpf_htons(has_key ? GRE_KEY : 0), type};
	if (!has_key)
		return PASSED;
	key = at(ctx, p->l4 + sizeof(*gre), sizeof(*key));
	if (!key)
		return NFUP_DROP_TRUNCATED;
	*key = bpf_htonl(KEY);
	return PASSED;
}

NFUP_MODULE(GREEncap, "Put the IP packet into a GRE packet over IPv4 or IPv6 (RFC 2784, RFC 2890)")
{
	return ENCAPSULATED(encapsulate_gre(ctx, p));
}
