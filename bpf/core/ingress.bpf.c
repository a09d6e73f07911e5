/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program that is attached to a device: once, and never replaced. Behind it
 * everything can change. nfup_out[0] is NFUP_ROOT_SLOT. */
#include "hop.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("xdp")
int ingress(struct xdp_md *ctx)
{
	nfup_count_packet(ctx);
	return NEXT(0);
}
