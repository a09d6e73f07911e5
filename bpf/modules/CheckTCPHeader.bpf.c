/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/checksum.h"
#include "lib/ip.h"
#include "lib/tcp.h"

NFUP_PARAM(__u8, CHECKSUM, "bool", "true", "", "verify the checksum (over all bytes of the segment)");
NFUP_OUTPUTS("ok, bad?");
NFUP_REQUIRES("ip-header");
NFUP_PROVIDES("tcp-header@0");

/* The pseudo header (RFC 9293 §3.1) and the segment sum up to all ones. */
static __always_inline int segment_sum_ok(struct xdp_md *ctx, struct pkt *p, __u32 length)
{
	__s64 sum = bpf_htonl(length);

	sum += bpf_htonl(IPPROTO_TCP);
	if (p->ethertype == bpf_htons(ETH_P_IP))
		sum = csum_bytes(ctx, p->l3 + 12, 8, sum);
	else
		sum = csum_bytes(ctx, p->l3 + 8, 32, sum);
	if (sum < 0)
		return 0;
	sum = csum_bytes(ctx, p->l4, length, sum);
	return sum >= 0 && csum_fold(sum) == 0xffff;
}

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
	if (CHECKSUM && !(p->flags & PKT_FRAGMENT) && !segment_sum_ok(ctx, p, length))
		return NFUP_DROP_BAD_L4_CHECKSUM;

	p->payload = l4 + header_length;
	p->tcp_flags = flags;
	return PASSED;
}

NFUP_MODULE(CheckTCPHeader, "Check the TCP header: length, flags, checksum; note its payload and flags")
{
	int finding = check(ctx, p);

	if (finding == PASSED)
		return NEXT(0);
	return NEXT_OR_DROP(1, finding);
}
