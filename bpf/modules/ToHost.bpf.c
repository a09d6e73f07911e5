/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

NFUP_OUTPUTS("");

NFUP_MODULE(ToHost, "Hand the frame to the host (to the XDP program that the port hosts, else to the network stack), from "
		    "where its link-layer header starts")
{
	if (p->l2 && bpf_xdp_adjust_head(ctx, p->l2))
		return DROP(HEADROOM);
	return XDP_PASS;
}
