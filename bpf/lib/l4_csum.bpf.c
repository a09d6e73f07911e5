/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "functionality.h"
#include "lib/csum.h"
#include "lib/l4_csum.h"

#include <linux/if_ether.h>

NFUP_FUNCTIONALITY(l4_csum, "csum", "ip-header", "TCP, UDP and ICMPv6 checksums, with their pseudo headers");

NFUP_FUNCTION int l4_csum_ok(struct xdp_md *ctx, struct pkt *p, __u32 length, __u32 proto)
{
	__s64 sum = bpf_htonl(length);

	sum += bpf_htonl(proto);
	if (p->ethertype == bpf_htons(ETH_P_IP))
		sum = csum_bytes(ctx, p->l3 + 12, 8, sum);
	else
		sum = csum_bytes(ctx, p->l3 + 8, 32, sum);
	if (sum < 0)
		return 0;
	sum = csum_bytes(ctx, p->l4, length, sum);
	return sum >= 0 && csum_fold(sum) == 0xffff;
}
