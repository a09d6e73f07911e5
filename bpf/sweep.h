/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program that moves the entries that no packet asks for. The tools write its
 * source (statemaps/conversion.h): all it knows of a state is the size of a key and a
 * value. User space fills `keys`, says how many there are, and runs the program as
 * often as it takes, NFUP_SWEEP_KEYS at a time. */
#ifndef NFUP_SWEEP_H
#define NFUP_SWEEP_H

#include "settle.h"
#include "sweep_entry.h"

#define NFUP_SWEEPER(name, map_type, key_type, value_type)                                      \
	char LICENSE[] SEC("license") = "Dual BSD/GPL";                                         \
	struct {                                                                                \
		__uint(type, map_type);                                                         \
		__uint(max_entries, 1);                                                         \
		__type(key, key_type);                                                          \
		__type(value, value_type);                                                      \
	} name SEC(".maps");                                                                    \
	NFUP_SETTLE(name, map_type, key_type, value_type);                                      \
	struct {                                                                                \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                               \
		__uint(map_flags, BPF_F_MMAPABLE);                                              \
		__uint(max_entries, NFUP_SWEEP_ROOM);                                           \
		__type(key, __u32);                                                             \
		__type(value, key_type);                                                        \
	} keys SEC(".maps");                                                                    \
	struct {                                                                                \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                               \
		__uint(map_flags, BPF_F_MMAPABLE);                                              \
		__uint(max_entries, 1);                                                         \
		__type(key, __u32);                                                             \
		__type(value, struct nfup_sweep);                                               \
	} sweep SEC(".maps");                                                                   \
                                                                                                \
	/* Would it convert? Changes nothing. */                                                \
	static __noinline int name##__try(const key_type *key)                                  \
	{                                                                                       \
		const void *old = bpf_map_lookup_elem(&name##__from, key);                      \
		value_type fresh;                                                               \
                                                                                                \
		__builtin_memset(&fresh, 0, sizeof fresh);                                      \
		if (!old)                                                                       \
			return NFUP_SETTLED_NONE;                                               \
		return name##__convert(old, &fresh) ? NFUP_SETTLED_NOT_CONVERTED : NFUP_SETTLED_MOVED; \
	}                                                                                       \
                                                                                                \
	SEC("xdp")                                                                              \
	int nfup_sweep(struct xdp_md *ctx __attribute__((unused)))                              \
	{                                                                                       \
		__u32 zero = 0, first;                                                          \
		struct nfup_sweep *s = bpf_map_lookup_elem(&sweep, &zero);                      \
                                                                                                \
		if (!s)                                                                         \
			return XDP_DROP;                                                        \
		first = s->next;                                                                \
		s->next = first + NFUP_SWEEP_KEYS;                                              \
		for (__u32 i = 0; i < NFUP_SWEEP_KEYS; i++) {                                   \
			__u32 index = first + i;                                                \
			key_type *key;                                                          \
			int settled;                                                            \
                                                                                                \
			if (index >= s->count)                                                  \
				break;                                                          \
			key = bpf_map_lookup_elem(&keys, &index);                               \
			if (!key)                                                               \
				break;                                                          \
			settled = s->only_try ? name##__try(key)                                \
					      : name##__settle(key, NFUP_SETTLE_MOVE);          \
			if (settled == NFUP_SETTLED_MOVED)                                      \
				s->moved++;                                                     \
			else if (settled == NFUP_SETTLED_NOT_CONVERTED)                         \
				s->not_converted++, s->refused = index;                         \
			else if (settled == NFUP_SETTLED_NO_ROOM)                               \
				s->no_room++;                                                   \
			else if (settled == NFUP_SETTLED_BUSY)                                  \
				s->busy++;                                                      \
		}                                                                               \
		return XDP_DROP;                                                                \
	}

#endif
