/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/checksum.h"
#include "lib/tcp.h"
#include "lib/tcp_options.h"

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

NFUP_PARAM(__u32, MTU, "size", REQUIRED, "88..65535",
	   "bytes of an IP packet on the narrowest link of the path; the segment size becomes 40 less, 60 less with IPv6 (RFC 6691)");
NFUP_OUTPUTS("out");
NFUP_REQUIRES("ip-header");

/* Options stand at any byte: where the value is at an odd one, its bytes belong to two
 * words of the sum, which is the sum of the bytes exchanged. */
static __always_inline void lower(__u8 *tcp, __u8 *value, int odd, __u16 most)
{
	__u16 old = value[0] << 8 | value[1];
	__be16 *check = (__be16 *)(tcp + 16);

	if (old <= most)
		return;
	value[0] = most >> 8;
	value[1] = most & 0xff;
	*check = odd ? csum_replace(*check, old, most) : csum_replace(*check, bpf_htons(old), bpf_htons(most));
}

static __always_inline void clamp(struct xdp_md *ctx, __u32 l4, __u32 end, __u16 most)
{
	struct tcp_options options = tcp_read_options(ctx, l4 + TCP_HEADER, end, 0);
	__u8 *tcp = at(ctx, l4, TCP_HEADER), *value = at(ctx, options.mss + 2, 2);

	if (options.mss && tcp && value)
		lower(tcp, value, (options.mss - l4) & 1, most);
}

NFUP_MODULE(ClampTCPMSS, "Lower the maximum segment size in TCP SYNs to what MTU has room for")
{
	__u32 l4 = p->l4, end = p->l3 + p->l3_len, header;
	__u16 most = MTU - TCP_HEADER -
		     (p->ethertype == bpf_htons(ETH_P_IP) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	__u8 *tcp;

	if (!is_tcp(p))
		return NEXT(0);
	tcp = at(ctx, l4, TCP_HEADER);
	if (!tcp || l4 + TCP_HEADER > end)
		return DROP(TRUNCATED);
	header = l4 + (tcp[12] >> 4) * 4;
	if (!(tcp[13] & TCP_SYN) || header > end)
		return NEXT(0);
	clamp(ctx, l4, header, most);
	return NEXT(0);
}
