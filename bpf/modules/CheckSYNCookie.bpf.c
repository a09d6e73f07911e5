/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/syn_cookie.h"

NFUP_OUTPUTS("answer, other?");
NFUP_REQUIRES("five-tuple");

static __always_inline int is_answer(struct xdp_md *ctx, const struct pkt *p)
{
	__u32 *seq;

	if (!is_tcp(p) || (tcp_flags(ctx, p) & (TCP_SYN | TCP_RST | TCP_FIN)) != TCP_RST)
		return 0;
	seq = at(ctx, p->l4 + 4, 4);
	return seq && syn_cookie_ok(p, bpf_ntohl(*seq));
}

NFUP_MODULE(CheckSYNCookie, "Is the packet the RST that answers SYNChallenge? Then its source address is no forgery")
{
	if (is_answer(ctx, p))
		return NEXT(0);
	return NEXT_OR_DROP(1, NFUP_DROP_STATE_INVALID);
}
