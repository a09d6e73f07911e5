/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hops between programs: slots, counters, drops. All that `ingress` and `root`
 * use. They stay clear of the packet context: ingress is never replaced, so
 * it must work with every layout of struct pkt. */
#ifndef NFUP_HOP_H
#define NFUP_HOP_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "contract.h"
#include "drop_reasons.h"
#include "tag.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, NFUP_MAX_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NFUP_MAX_COUNTERS);
	__type(key, __u32);
	__type(value, struct node_counters);
} counters SEC(".maps");

/* ---- set per node by the loader, before the verifier sees the program ---- */

const volatile __u32 nfup_node;                  /* index into counters */
const volatile __u32 nfup_out[NFUP_MAX_OUTPUTS]; /* slot of each output */

/* ---- counting ---- */

static __always_inline void nfup_count_packet(struct xdp_md *ctx)
{
	__u32 node = nfup_node;
	struct node_counters *c = bpf_map_lookup_elem(&counters, &node);

	if (c) {
		c->packets++;
		c->bytes += (__u32)(ctx->data_end - ctx->data);
	}
}

/* Packets that this node has seen on this CPU, the present one among them. */
static __always_inline __u64 nfup_packets(void)
{
	__u32 node = nfup_node;
	struct node_counters *c = bpf_map_lookup_elem(&counters, &node);

	return c ? c->packets : 1;
}

static __always_inline void nfup_count_drop(enum drop_reason reason)
{
	__u32 node = nfup_node;
	struct node_counters *c = bpf_map_lookup_elem(&counters, &node);

	if (c && reason < NFUP_MAX_REASONS)
		c->drops[reason]++;
}

static __always_inline void nfup_count_event(enum node_event event)
{
	nfup_count_drop((enum drop_reason)NFUP_EVENT_INDEX(event));
}

/* ---- how a program ends ---- */

/* Drop the packet and count why. */
#define DROP(reason)                                 \
	({                                           \
		nfup_count_drop(NFUP_DROP_##reason); \
		XDP_DROP;                            \
	})

/* Go on behind output i, which must be written as a number: a constant index
 * into a known prog array is JIT-compiled to a direct jump. Two outputs must
 * not share a call instruction (the verifier would give up on the constant),
 * so each call site is inline assembly of its own. What follows it runs only
 * if the slot was empty. */
#define NEXT(i)                                                                           \
	({                                                                                \
		asm volatile("r1 = %[c]\n\tr2 = %[m] ll\n\tr3 = %[s]\n\tcall 12 # output " #i \
			     :                                                            \
			     : [c] "r"(ctx), [m] "i"(&slots), [s] "r"(nfup_out[i])        \
			     : "r0", "r1", "r2", "r3", "r4", "r5", "memory");             \
		nfup_count_drop(NFUP_DROP_TAIL_CALL_MISS);                                \
		XDP_ABORTED;                                                              \
	})

#endif
