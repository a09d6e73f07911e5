/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From one port to the other, and nothing else: what generator, receiver and redirect cost. */
#include "hand.h"

SEC("xdp")
int hand(struct xdp_md *ctx)
{
	return hand_send(hand_port(ctx) == INSIDE ? OUTSIDE : INSIDE);
}
