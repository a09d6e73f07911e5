/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/ports.h"

NFUP_PARAM(__u32, DEVICE, "device", REQUIRED, "", "the port to send to");
NFUP_OUTPUTS("");

NFUP_MODULE(ToDevice, "Send the frame to DEVICE, from where its link-layer header starts")
{
	int verdict;

	if (p->l2 && bpf_xdp_adjust_head(ctx, p->l2))
		return DROP(HEADROOM);
	verdict = bpf_redirect_map(&ports, DEVICE, 0);
	if (verdict != XDP_REDIRECT)
		return DROP(NO_DEVICE);
	return verdict;
}
