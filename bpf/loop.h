/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For bodies of bpf_loop. */
#ifndef NFUP_LOOP_H
#define NFUP_LOOP_H

#include <linux/types.h>

/* Before Linux 6.7, and 6.1.y without that fix, the verifier takes a bpf_loop for
 * one step and may remove what one step cannot reach. So what steps tell each
 * other does not begin as a constant it knows: this is 0, but it cannot tell.
 * `any`: what it does not know, of the packet or of the clock. */
static __always_inline __u64 unknown_zero(__u64 any)
{
	asm volatile("%0 -= %0" : "+r"(any));
	return any;
}

#endif
