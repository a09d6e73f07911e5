/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/ip.h"
#include "lib/l4_checksum.h"
#include "lib/tcp.h"

NFUP_PARAM(__u8, CHECKSUM, "bool", "true", "", "verify the checksum (over all bytes of the segment)");
NFUP_OUTPUTS("ok, bad?");
NFUP_REQUIRES("ip-header");
NFUP_PROVIDES("tcp-header@0");
NFUP_USES("csum");

static __always_inline int check(struct xdp_md *ctx, struct pkt *p)
{
	__u32 l4 = p->l4, length = p->l3 + p->l3_len - l4, header_length;
	__u8 *tcp, flags;

	/* Behind output 0 there is a TCP header: a later fragment has none. */
	if (!is_tcp(p))
		return NFUP_DROP_NOT_TCP;
	tcp = at(ctx, l4, TCP_HEADER);
	if (!tcp || length < TCP_HEADER)
		return NFUP_DROP_TRUNCATED;
	header_length = (tcp[12] >> 4) * 4;
	if (header_length < TCP_HEADER || header_length > length)
		return NFUP_DROP_BAD_L4_LENGTH;
	flags = tcp[13];
	if (!tcp_flags_sensible(flags))
		return NFUP_DROP_BAD_TCP_FLAGS;
	/* The sum of a first fragment covers bytes that are not here. */
	if (CHECKSUM && !(p->flags & PKT_FRAGMENT) && !l4_checksum_ok(ctx, p, length, IPPROTO_TCP))
		return NFUP_DROP_BAD_L4_CHECKSUM;

	p->payload = l4 + header_length;
	p->tcp_flags = flags;
	return PASSED;
}

NFUP_MODULE(CheckTCPHeader, "Check the TCP header: length, flags, checksum; note its payload and flags")
{
	return CHECKED(check(ctx, p));
}
