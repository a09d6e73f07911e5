/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/ip.h"
#include "lib/l4_checksum.h"

NFUP_PARAM(__u8, CHECKSUM, "bool", "true", "", "verify the checksum (over all bytes of the datagram)");
NFUP_OUTPUTS("ok, bad?");
NFUP_REQUIRES("ip-header");
NFUP_PROVIDES("udp-header@0");
NFUP_USES("csum");

#define UDP_HEADER 8

static __always_inline int check(struct xdp_md *ctx, struct pkt *p)
{
	__u32 room = p->l3 + p->l3_len - p->l4, length;
	__be16 *udp;

	if (p->ip_proto != IPPROTO_UDP || p->flags & PKT_LATER_FRAGMENT)
		return NFUP_DROP_WRONG_PROTOCOL;
	udp = at(ctx, p->l4, UDP_HEADER);
	if (!udp || room < UDP_HEADER)
		return NFUP_DROP_TRUNCATED;
	length = bpf_ntohs(udp[2]);
	/* a first fragment has less than the datagram that its header speaks of */
	if (length < UDP_HEADER || (length > room && !(p->flags & PKT_FRAGMENT)))
		return NFUP_DROP_BAD_L4_LENGTH;
	if (!udp[3]) { /* none: over IPv4 only (RFC 768, RFC 8200 section 8.1) */
		if (CHECKSUM && p->ethertype != bpf_htons(ETH_P_IP))
			return NFUP_DROP_BAD_L4_CHECKSUM;
	} else if (CHECKSUM && !(p->flags & PKT_FRAGMENT) && !l4_checksum_ok(ctx, p, length, IPPROTO_UDP)) {
		return NFUP_DROP_BAD_L4_CHECKSUM;
	}
	p->payload = p->l4 + UDP_HEADER;
	return PASSED;
}

NFUP_MODULE(CheckUDPHeader, "Check the UDP header: length, checksum; note its payload")
{
	return CHECKED(check(ctx, p));
}
