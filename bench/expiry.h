/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What expiry.bpf.c and expiry.cpp share. */
#ifndef NFUP_BENCH_EXPIRY_H
#define NFUP_BENCH_EXPIRY_H

#include "contract.h"

struct flow_entry {
	__u64 born; /* the flow's number, and the tick it was last seen */
	__u64 zero;
};

struct flow_counts {
	__u64 ticks; /* flows that have begun */
	__u64 refused;
	__u64 fired;      /* timers */
	__u64 longest_ns; /* in one stay in the softirq */
	__u64 streak_began;
	__u64 last_fired;
};

#define FIRST_TICK 16 /* above what last_seen has for marks */

/* SplitMix64's finaliser: numbers in order make keys all over. */
static inline struct flow_key flow_of(__u64 number)
{
	struct flow_key key = {.dport = 80, .proto = 6, .family = 4};
	__u64 z = number + 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	z ^= z >> 31;
	__builtin_memcpy(key.saddr, &number, sizeof number);
	__builtin_memcpy(key.saddr + 8, &z, sizeof z);
	return key;
}

#endif
