/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What Print writes into the ring `trace`, and `nfup trace` reads. */
#ifndef NFUP_TRACE_RECORD_H
#define NFUP_TRACE_RECORD_H

#include "contract.h"

#define NFUP_TRACE_BYTES (1 << 20) /* of the ring */

struct trace_record {
	__u64 time;	/* ns of the monotonic clock */
	__u64 packet;	/* the how manieth of its node on this CPU: a gap was not traced */
	__u32 node;	/* index of its counters */
	__u32 cpu;
	__u32 length;	/* bytes of the frame */
	__u32 captured; /* how many of them follow */
	__u16 port;	/* index of the NF port it came in by */
	__u8 paint;
	__u8 zero[5];
};
NFUP_ASSERT(sizeof(struct trace_record) == 40, "no padding");

#endif
