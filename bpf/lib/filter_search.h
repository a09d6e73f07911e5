/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a packet looks like to filter rules, and the search for the rule it
 * meets. Behind CheckIPHeader or CheckIP6Header. */
#ifndef NFUP_FILTER_SEARCH_H
#define NFUP_FILTER_SEARCH_H

#include <bpf/bpf_endian.h>
#include <linux/in.h>
#include <linux/in6.h>

#include "../nfup.h"
#include "filter.h"

NFUP_TABLE(filter_shapes, BPF_MAP_TYPE_ARRAY, __u32, struct filter_shape);
NFUP_TABLE(filter_entries, BPF_MAP_TYPE_HASH, struct filter_key, struct filter_entry);

static __always_inline void filter_read_header(struct xdp_md *ctx, const struct pkt *p, struct filter_key *key)
{
	__u32 l3 = p->l3;
	const __u8 *b = at(ctx, l3, 20);

	if (!b)
		return;
	key->length = bpf_htons(p->l3_len);
	key->version_hl = b[0];
	if (p->flow.family == 6) {
		key->version_hl = 0x60;
		key->tos = b[0] << 4 | b[1] >> 4;
		key->ttl = b[7];
	} else {
		key->tos = b[1];
		key->id = *(__be16 *)(b + 4);
		key->ttl = b[8];
	}
}

/* Up to the TCP window, or the ICMP code. What is behind the datagram's end is
 * Ethernet padding. */
static __always_inline void filter_read_transport(struct xdp_md *ctx, const struct pkt *p, struct filter_key *key)
{
	__u32 l4 = p->l4, end = (__u32)p->l3 + p->l3_len;
	const __u8 *b;

	if (p->flags & PKT_LATER_FRAGMENT)
		return;
	switch (p->ip_proto) {
	case IPPROTO_TCP:
		b = at(ctx, l4, 16);
		if (!b || l4 + 16 > end)
			return;
		key->tcp_flags = b[13];
		key->window = *(__be16 *)(b + 14);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		b = at(ctx, l4, 4);
		if (!b || l4 + 4 > end)
			return;
		key->icmp_type = b[0];
		key->icmp_code = b[1];
		break;
	default:
		return;
	}
	key->traits |= FILTER_TRANSPORT;
}

/* `looks`: FILTER_LOOKS_*, a constant: what no rule looks at is not read. */
static __always_inline void filter_read(struct xdp_md *ctx, const struct pkt *p, __u32 looks, struct filter_key *key)
{
	__u8 proto = p->ip_proto, traits = p->flow.family == 6 ? FILTER_IP6 : 0;

	__builtin_memset(key, 0, sizeof(*key));
	if (looks & FILTER_LOOKS_ADDRESSES) {
		__builtin_memcpy(key->saddr, p->flow.saddr, 16);
		__builtin_memcpy(key->daddr, p->flow.daddr, 16);
	}
	key->proto = proto;
	if (proto == IPPROTO_TCP)
		traits |= FILTER_TCP;
	if (proto == IPPROTO_UDP)
		traits |= FILTER_UDP;
	if (proto == IPPROTO_ICMP)
		traits |= FILTER_ICMP;
	if (proto == IPPROTO_ICMPV6)
		traits |= FILTER_ICMP6;
	if (p->flags & PKT_FRAGMENT)
		traits |= FILTER_FRAGMENT;
	if ((p->flags & PKT_HAS_PORTS) && (traits & (FILTER_TCP | FILTER_UDP))) {
		traits |= FILTER_PORTS;
		key->sport = p->flow.sport;
		key->dport = p->flow.dport;
	}
	key->traits = traits;
	if (looks & FILTER_LOOKS_HEADER)
		filter_read_header(ctx, p, key);
	if (looks & FILTER_LOOKS_TRANSPORT)
		filter_read_transport(ctx, p, key);
}

/* Words of a key: addresses, then ports to ICMP code, then the rest. */
#define FILTER_ADDRESS_WORDS 4
#define FILTER_WORDS (sizeof(struct filter_key) / 8)

static __always_inline __u64 filter_differs(const struct filter_key *key, const struct filter_shape *shape, __u32 looks)
{
	const __u64 *k = (const __u64 *)key, *mask = (const __u64 *)&shape->mask, *value = (const __u64 *)&shape->value;
	__u64 bits = (k[FILTER_ADDRESS_WORDS] & mask[FILTER_ADDRESS_WORDS]) ^ value[FILTER_ADDRESS_WORDS];

	if (bits)
		return bits;
	if (looks & FILTER_LOOKS_ADDRESSES)
#pragma unroll
		for (__u32 word = 0; word < FILTER_ADDRESS_WORDS; word++)
			bits |= (k[word] & mask[word]) ^ value[word];
	if (looks & (FILTER_LOOKS_HEADER | FILTER_LOOKS_TRANSPORT))
#pragma unroll
		for (__u32 word = FILTER_ADDRESS_WORDS + 1; word < FILTER_WORDS; word++)
			bits |= (k[word] & mask[word]) ^ value[word];
	return bits;
}

/* The action of the rule that the packet meets. */
static __always_inline __u32 filter_search(const struct filter_key *key, __u32 shapes, __u32 looks, __u32 otherwise)
{
	__u32 best = ~0u, action = otherwise;

	for (__u32 i = 0; i < FILTER_MAX_SHAPES; i++) {
		__u32 index = i;
		const struct filter_shape *shape;
		const struct filter_entry *entry;
		struct filter_key masked;

		if (i >= shapes)
			break;
		shape = bpf_map_lookup_elem(&filter_shapes, &index);
		if (!shape || shape->best >= best)
			break;
		if (shape->action != FILTER_HASHED) {
			if (!filter_differs(key, shape, looks))
				return shape->action; /* what comes behind is of no lower rank */
			continue;
		}
#pragma unroll
		for (__u32 word = 0; word < FILTER_WORDS; word++)
			((__u64 *)&masked)[word] = ((const __u64 *)key)[word] & ((const __u64 *)&shape->mask)[word];
		masked.shape = i;
		entry = bpf_map_lookup_elem(&filter_entries, &masked);
		if (entry && entry->rank < best) {
			best = entry->rank;
			action = entry->action;
		}
	}
	return action;
}

/* One call site an output; those that the instance does not have are removed. */
#define FILTER_OUTPUT(i)                  \
	case i:                           \
		if (i < RULES.outputs)    \
			return NEXT(i);   \
		break;

/* What is left to do: `RULES` is the class's struct filter_program. */
#define FILTER_NODE()                                                                            \
	({                                                                                       \
		struct filter_key key_;                                                          \
		__u32 action_;                                                                   \
                                                                                                 \
		filter_read(ctx, p, RULES.looks, &key_);                                         \
		action_ = filter_search(&key_, RULES.shapes, RULES.looks, RULES.otherwise);                   \
		switch (action_) {                                                               \
			FILTER_OUTPUT(0) FILTER_OUTPUT(1) FILTER_OUTPUT(2) FILTER_OUTPUT(3)      \
			FILTER_OUTPUT(4) FILTER_OUTPUT(5) FILTER_OUTPUT(6) FILTER_OUTPUT(7)      \
			FILTER_OUTPUT(8) FILTER_OUTPUT(9) FILTER_OUTPUT(10) FILTER_OUTPUT(11)    \
			FILTER_OUTPUT(12) FILTER_OUTPUT(13) FILTER_OUTPUT(14) FILTER_OUTPUT(15)  \
			FILTER_OUTPUT(16) FILTER_OUTPUT(17) FILTER_OUTPUT(18) FILTER_OUTPUT(19)  \
			FILTER_OUTPUT(20) FILTER_OUTPUT(21) FILTER_OUTPUT(22) FILTER_OUTPUT(23)  \
			FILTER_OUTPUT(24) FILTER_OUTPUT(25) FILTER_OUTPUT(26) FILTER_OUTPUT(27)  \
			FILTER_OUTPUT(28) FILTER_OUTPUT(29) FILTER_OUTPUT(30) FILTER_OUTPUT(31)  \
		case FILTER_DENY:                                                                \
			return DROP(DENIED);                                                     \
		}                                                                                \
		DROP(NO_MATCH);                                                                  \
	})

#endif
