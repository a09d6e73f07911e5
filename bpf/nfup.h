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

#include "bytes.h"
#include "hop.h"
#include "state.h"

#define NFUP_STR_(x) #x
#define NFUP_STR(x) NFUP_STR_(x)

/* The packet context: with `slots` and `counters` (hop.h) and `ports`
 * (lib/ports.h) one of the framework's maps, the only ones a module may touch. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pkt);
} pkt SEC(".maps");

/* ---- self-description ---- */

#define REQUIRED "!"

/* A parameter: C type, name, how the operator writes it (docs/language.md lists
 * the types), default text or REQUIRED, range or "", what it means. The order
 * in the file is the order of positional arguments. */
#define NFUP_PARAM(ctype, name, type, dflt, range, doc) \
	const volatile ctype name NFUP_TAG("nfup.param=" NFUP_STR(__COUNTER__) "|" type "|" dflt "|" range "|" doc)

/* Output names in port order, comma separated. "name?" may stay unconnected
 * (the class says what happens then); "name*" at the end stands for one output
 * per element of the class's list parameter, or, if it has none, for as many as
 * the intent connects (lib/switch.h). No outputs: "". */
#define NFUP_OUTPUTS(names) const volatile __u8 nfup_outputs NFUP_TAG("nfup.outputs=" names) = 0

/* How many inputs: 1 unless said otherwise. */
#define NFUP_INPUTS(n) const volatile __u8 nfup_inputs NFUP_TAG("nfup.inputs=" #n) = 0

/* Facts that must hold on every path into the node, and those that hold behind
 * it: "ip-header, five-tuple"; "fact@0" holds behind output 0 only. */
#define NFUP_REQUIRES(facts) const volatile __u8 nfup_requires NFUP_TAG("nfup.requires=" facts) = 0
#define NFUP_PROVIDES(facts) const volatile __u8 nfup_provides NFUP_TAG("nfup.provides=" facts) = 0

/* Facts that hold no more behind it, "fact@0": behind output 0, "*": none does; but what it
 * provides holds. */
#define NFUP_REVOKES(facts) const volatile __u8 nfup_revokes NFUP_TAG("nfup.revokes=" facts) = 0

/* Code that the class is linked with: names of functionalities (functionality.h),
 * which bring along those that they use themselves. */
#define NFUP_USES(names) const volatile __u8 nfup_uses NFUP_TAG("nfup.uses=" names) = 0

/* The oldest Linux that loads it, when that is later than 6.1, the oldest that nfup
 * supports: NFUP_NEEDS_KERNEL(6, 6). */
#define NFUP_NEEDS_KERNEL(major, minor) \
	const volatile __u8 nfup_needs_kernel NFUP_TAG("nfup.kernel=" #major "." #minor) = 0

/* ---- the node ---- */

static __always_inline struct pkt *nfup_enter(struct xdp_md *ctx)
{
	__u32 zero = 0;

	nfup_count_packet(ctx);
	return bpf_map_lookup_elem(&pkt, &zero);
}

/* What goes to the host meets the program that its port hosts, if there is one. The
 * index is known only here, so this jump is not a direct one; without XDP_PASS in a
 * body the compiler leaves it out. */
static __always_inline int nfup_leave(struct xdp_md *ctx, struct pkt *p, int verdict)
{
	if (verdict == XDP_PASS)
		bpf_tail_call(ctx, &slots, NFUP_HOST_SLOTS + p->port);
	return verdict;
}

#define NFUP_UNUSED __attribute__((unused)) /* not every body looks at both */

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
		return nfup_leave(ctx, p, nfup_body(ctx, p));                             \
	}                                                                                 \
	static __always_inline int nfup_body(struct xdp_md *ctx NFUP_UNUSED, struct pkt *p NFUP_UNUSED)

#define NFUP_MODULE(Name, doc) NFUP_NODE_("module", Name, doc)
#define NFUP_ATOM(Name, doc) NFUP_NODE_("atom", Name, doc)

/* A table: a constant too large for rodata, filled by the loader from the node's
 * arguments and frozen before the program is loaded. It belongs to one node of
 * one generation, so it is no state, and a module may have it. `map_type`: hash,
 * array or LPM trie (which cannot be preallocated); it gets as many entries as it
 * needs. */
#define NFUP_TABLE(name, map_type, key_type, value_type)                                               \
	struct {                                                                                       \
		__uint(type, map_type);                                                                \
		__uint(max_entries, 1);                                                                \
		__uint(map_flags, BPF_F_RDONLY_PROG |                                                  \
					  ((map_type) == BPF_MAP_TYPE_LPM_TRIE ? BPF_F_NO_PREALLOC : 0)); \
		__type(key, key_type);                                                                 \
		__type(value, value_type);                                                             \
	} name SEC(".maps") NFUP_TAG("nfup.table=")

/* For an output that may stay unconnected: go there, or drop. `why` is an enum
 * drop_reason, possibly known only at run time. */
#define NEXT_OR_DROP(i, why)                       \
	({                                         \
		int verdict_ = XDP_DROP;           \
                                                   \
		if (nfup_out[i] == NFUP_NO_SLOT)   \
			nfup_count_drop(why);      \
		else                               \
			verdict_ = NEXT(i);        \
		verdict_;                          \
	})

#endif
