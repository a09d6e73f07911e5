/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "flow_rate.h"

BUCKET_PARAMS("packets (UNIT bytes: bytes)");
NFUP_PARAM(__u32, KEY, "enum", "source", "source, destination, pair, flow", "what has a rate of its own");
NFUP_PARAM(__u32, UNIT, "enum", "packets", "packets, bytes", "what is counted");
NFUP_PARAM(__u32, PREFIX4, "size", "32", "0..32", "bits of an IPv4 address that tell hosts apart, but for KEY flow");
NFUP_PARAM(__u32, PREFIX6, "size", "64", "0..128", "the same for IPv6, where a host often has a whole /64");
NFUP_PARAM(__u32, FULL, "enum", "refuse", FULL_NAMES,
	   "when the table is full: packets of new ones are beyond the rate, or one of the least loaded is forgotten");
NFUP_OUTPUTS("out, excess?");
NFUP_REQUIRES("five-tuple");

enum { BY_SOURCE, BY_DESTINATION, BY_PAIR, BY_FLOW };

AGE_INSERTS(flow_rate_aged)

/* `bits`: of the 128. */
static __always_inline void take_prefix(nfup_addr to, const nfup_addr from, __u32 bits)
{
	__u32 *out = (__u32 *)to;
	const __u32 *in = (const __u32 *)from;

#pragma unroll
	for (__u32 i = 0; i < 4; i++) {
		__u32 have = bits <= 32 * i ? 0 : bits - 32 * i;

		out[i] = in[i] & bpf_htonl(have >= 32 ? ~0u : ~(~0u >> have));
	}
}

static __always_inline struct bucket_key key_of(const struct flow_key *flow)
{
	__u32 bits = flow->family == 4 ? 96 + PREFIX4 : PREFIX6;
	struct bucket_key key = {.family = flow->family, .node = nfup_node};

	if (KEY == BY_FLOW) {
		bits = 128;
		key.sport = flow->sport;
		key.dport = flow->dport;
		key.proto = flow->proto;
	}
	if (KEY != BY_DESTINATION)
		take_prefix(key.saddr, flow->saddr, bits);
	if (KEY != BY_SOURCE)
		take_prefix(key.daddr, flow->daddr, bits);
	return key;
}

static __always_inline int within_rate(const struct flow_key *flow, __u32 units)
{
	const struct bucket_terms terms = BUCKET_TERMS;
	struct bucket_key key = key_of(flow);
	struct bucket *bucket = state_lookup(FLOW_RATE, &key), fresh;
	__u64 now = bpf_ktime_get_ns();
	int error;

	if (bucket && bucket->due != AGE_DELETED)
		return bucket_take(&bucket->due, &terms, units, now);
	fresh.due = now + bucket_ns(&terms, units);
	error = age_insert(&key, &fresh, FULL, now);
	if (error != -EEXIST)
		return !error;
	/* another CPU has just begun, or ended, the same one */
	bucket = state_lookup(FLOW_RATE, &key);
	return !bucket || bucket_take(&bucket->due, &terms, units, now);
}

NFUP_ATOM(FlowRatedSplitter, "Let RATE packets a second of each source (or KEY) through; those beyond it go to the other output")
{
	__u32 units = UNIT ? bytes_from(ctx, p->l2) : 1;

	if (within_rate(&p->flow, units))
		return NEXT(0);
	return NEXT_OR_DROP(1, NFUP_DROP_RATE_LIMITED);
}
