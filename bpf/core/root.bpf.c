/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program in NFUP_ROOT_SLOT: picks the sub-graph of the receiving device.
 * Each generation has one of its own, so one slot write changes the whole NF.
 * Output i belongs to nfup_ifindex[i]; a port that nothing is received from
 * has ifindex 0, and its branch is dead code that the verifier removes. */
#include "hop.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 nfup_ports; /* how many of nfup_ifindex are in use */
const volatile __u32 nfup_ifindex[NFUP_MAX_OUTPUTS];
const volatile __u8 nfup_frozen; /* while states move to another machine: nobody gets in */

#define PORT(i)                                                                         \
	if (i < nfup_ports && nfup_ifindex[i] && ctx->ingress_ifindex == nfup_ifindex[i]) \
		return NEXT(i);

SEC("xdp")
int root(struct xdp_md *ctx)
{
	nfup_count_packet(ctx);
	if (nfup_frozen)
		return DROP(FROZEN);
	PORT(0) PORT(1) PORT(2) PORT(3) PORT(4) PORT(5) PORT(6) PORT(7)
	PORT(8) PORT(9) PORT(10) PORT(11) PORT(12) PORT(13) PORT(14) PORT(15)
	PORT(16) PORT(17) PORT(18) PORT(19) PORT(20) PORT(21) PORT(22) PORT(23)
	PORT(24) PORT(25) PORT(26) PORT(27) PORT(28) PORT(29) PORT(30) PORT(31)
	return DROP(NO_DEVICE);
}
