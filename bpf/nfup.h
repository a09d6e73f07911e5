/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The module contract: everything a class needs, and all it may use.
 *
 *	#include "nfup.h"
 *
 *	NFUP_PARAM(__u32, LENGTH, "size", REQUIRED, "0..2047", "bytes to skip");
 *	NFUP_OUTPUTS("out");
 *
 *	NFUP_MODULE(Strip, "Move past LENGTH bytes at the front of the packet")
 *	{
 *		if (!at(ctx, p->cursor, LENGTH))
 *			return DROP(TRUNCATED);
 *		p->cursor += LENGTH;
 *		return NEXT(0);
 *	}
 *
 * The body sees `ctx` (struct xdp_md *) and `p` (struct pkt *), and ends in
 * NEXT, DROP or an XDP verdict. The file is named after the class. The tools
 * read parameters, outputs, facts and the doc line from the object's BTF.
 *
 * A module keeps no state: no maps, no writable globals. A class that does is
 * an atom (NFUP_ATOM, NFUP_STATE); the loader checks. docs/writing-a-module.md
 * has the whole story.
 */
#ifndef NFUP_H
#define NFUP_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "contract.h"

#define NFUP_TAG(text) __attribute__((btf_decl_tag(text)))
#define NFUP_STR_(x) #x
#define NFUP_STR(x) NFUP_STR_(x)

/* ---- the framework's maps: the only ones a module may touch ---- */

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, NFUP_MAX_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pkt);
} pkt SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NFUP_MAX_COUNTERS);
	__type(key, __u32);
	__type(value, struct node_counters);
} counters SEC(".maps");

/* ---- set per node by the loader, before the verifier sees the program ---- */

const volatile __u32 nfup_node;                 /* index into counters */
const volatile __u32 nfup_out[NFUP_MAX_OUTPUTS]; /* slot of each output */

/* ---- self-description ---- */

#define REQUIRED "!"

/* A parameter: C type, name, how the operator writes it (docs/language.md lists
 * the types), default text or REQUIRED, range or "", what it means. The order
 * in the file is the order of positional arguments. */
#define NFUP_PARAM(ctype, name, type, dflt, range, doc) \
	const volatile ctype name NFUP_TAG("nfup.param=" NFUP_STR(__COUNTER__) "|" type "|" dflt "|" range "|" doc)

/* Output names in port order, comma separated. "name?" may stay unconnected
 * (the class says what happens then); "name*" at the end stands for one output
 * per element of the class's list parameter. No outputs: "". */
#define NFUP_OUTPUTS(names) const volatile __u8 nfup_outputs NFUP_TAG("nfup.outputs=" names) = 0

/* How many inputs: 1 unless said otherwise. */
#define NFUP_INPUTS(n) const volatile __u8 nfup_inputs NFUP_TAG("nfup.inputs=" #n) = 0

/* Facts that must hold on every path into the node, and those that hold behind
 * it: "ip-header, five-tuple"; "fact@0" holds behind output 0 only. */
#define NFUP_REQUIRES(facts) const volatile __u8 nfup_requires NFUP_TAG("nfup.requires=" facts) = 0
#define NFUP_PROVIDES(facts) const volatile __u8 nfup_provides NFUP_TAG("nfup.provides=" facts) = 0

/* ---- the node ---- */

static __always_inline void nfup_count_drop(enum drop_reason reason)
{
	__u32 node = nfup_node;
	struct node_counters *c = bpf_map_lookup_elem(&counters, &node);

	if (c)
		c->drops[reason]++;
}

static __always_inline struct pkt *nfup_enter(struct xdp_md *ctx)
{
	__u32 node = nfup_node, zero = 0;
	struct node_counters *c = bpf_map_lookup_elem(&counters, &node);

	if (c) {
		c->packets++;
		c->bytes += (__u32)(ctx->data_end - ctx->data);
	}
	return bpf_map_lookup_elem(&pkt, &zero);
}

#define NFUP_NODE_(kind, Name, doc)                                                       \
	char LICENSE[] SEC("license") = "Dual BSD/GPL";                                   \
	static __always_inline int nfup_body(struct xdp_md *ctx, struct pkt *p);          \
	SEC("xdp") NFUP_TAG("nfup.kind=" kind) NFUP_TAG("nfup.doc=" doc)                  \
	int Name(struct xdp_md *ctx)                                                      \
	{                                                                                 \
		struct pkt *p = nfup_enter(ctx);                                          \
                                                                                          \
		if (!p)                                                                   \
			return DROP(NO_CONTEXT);                                          \
		return nfup_body(ctx, p);                                                 \
	}                                                                                 \
	static __always_inline int nfup_body(struct xdp_md *ctx, struct pkt *p)

#define NFUP_MODULE(Name, doc) NFUP_NODE_("module", Name, doc)
#define NFUP_ATOM(Name, doc) NFUP_NODE_("atom", Name, doc)

/* A state map, for atoms. Its name is the state's name: pinned as state/NAME,
 * shared by every atom of the NF that declares it. Keys and values are plain
 * structs without padding. */
#define NFUP_STATE(name, map_type, key_type, value_type, entries) \
	struct {                                                  \
		__uint(type, map_type);                           \
		__uint(max_entries, entries);                     \
		__type(key, key_type);                            \
		__type(value, value_type);                        \
	} name SEC(".maps")

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

/* The same for an output that may stay unconnected. */
#define NEXT_OR_DROP(i, reason) (nfup_out[i] == NFUP_NO_SLOT ? DROP(reason) : NEXT(i))

/* ---- bytes ---- */

/* `size` bytes at `offset` from the start of the frame, or NULL if the frame is
 * shorter. The empty asm keeps the register that was bounded in use, which is
 * what the verifier wants to see. */
static __always_inline void *at(struct xdp_md *ctx, __u32 offset, __u32 size)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	asm volatile("" : "+r"(offset));
	if (offset > 0x3fff)
		return 0;
	data += offset;
	if (data + size > end)
		return 0;
	return data;
}

#endif
