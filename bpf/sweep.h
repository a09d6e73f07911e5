/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program that moves the entries that no packet asks for. The tools write its
 * source (statemaps/conversion.h): all it knows of a state is the size of a key and of
 * a value. User space fills `keys`, says how many there are, and runs the program as
 * often as it takes, NFUP_SWEEP_KEYS at a time. */
#ifndef NFUP_SWEEP_H
#define NFUP_SWEEP_H

#include "settle.h"
#include "sweep_entry.h"

#define NFUP_SWEEPER(name, map_type, key_type, value_type)                              \
	char LICENSE[] SEC("license") = "Dual BSD/GPL";                                 \
	NFUP_SETTLE(name, map_type, key_type, value_type);                              \
	struct {                                                                        \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                       \
		__uint(map_flags, BPF_F_MMAPABLE);                                      \
		__uint(max_entries, NFUP_SWEEP_ROOM);                                   \
		__type(key, __u32);                                                     \
		__type(value, key_type);                                                \
	} keys SEC(".maps");                                                            \
	struct {                                                                        \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                       \
		__uint(map_flags, BPF_F_MMAPABLE);                                      \
		__uint(max_entries, 1);                                                 \
		__type(key, __u32);                                                     \
		__type(value, struct nfup_sweep);                                       \
	} sweep SEC(".maps");                                                           \
                                                                                        \
	static long sweep_one(__u32 i, struct nfup_sweep **control)                     \
	{                                                                               \
		struct nfup_sweep *s = *control;                                        \
		__u32 index = s->next + i;                                              \
		key_type *found, key;                                                   \
		int settled;                                                            \
                                                                                        \
		if (index >= s->count)                                                  \
			return 1;                                                       \
		found = bpf_map_lookup_elem(&keys, &index);                             \
		if (!found)                                                             \
			return 1;                                                       \
		key = *found;                                                           \
		settled = name##__settle(&key);                                         \
		if (settled == NFUP_SETTLED_MOVED)                                      \
			s->moved++;                                                     \
		else if (settled == NFUP_SETTLED_FULL)                                  \
			s->full++;                                                      \
		else if (settled == NFUP_SETTLED_THERE) {                               \
			s->there++;                                                     \
			if (s->drop_doubles)                                            \
				bpf_map_delete_elem(&name##__from, &key);               \
		}                                                                       \
		return 0;                                                               \
	}                                                                               \
                                                                                        \
	SEC("xdp")                                                                      \
	int nfup_sweep(struct xdp_md *ctx __attribute__((unused)))                      \
	{                                                                               \
		__u32 zero = 0;                                                         \
		struct nfup_sweep *s = bpf_map_lookup_elem(&sweep, &zero);              \
                                                                                        \
		if (!s)                                                                 \
			return XDP_DROP;                                                \
		bpf_loop(NFUP_SWEEP_KEYS, sweep_one, &s, 0);                            \
		s->next += NFUP_SWEEP_KEYS;                                             \
		return XDP_DROP;                                                        \
	}                                                                               \
	struct name##__sweeper /* takes the semicolon */

#endif
