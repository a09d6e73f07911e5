/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The framework's map of traced packets: a ring that keeps the oldest when it is full, so
 * that one nobody reads costs a look at it. */
#ifndef NFUP_TRACE_H
#define NFUP_TRACE_H

#include "../nfup.h"
#include "../trace_record.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, NFUP_TRACE_BYTES);
} trace SEC(".maps");

#endif
