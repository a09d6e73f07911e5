/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Moving the entries of a state from one map to another, key by key, while packets
 * use them: what state_lookup, state_insert and state_delete are in the programs of a
 * migration (state.h), and what the sweeper does (sweep.h).
 *
 * To settle a key is: read it in the old map, convert, insert into the new one if it
 * is not there, delete it in the old one. In this order nobody misses an entry that
 * exists. Only the one that inserted deletes; if the old entry has gone meanwhile,
 * somebody has deleted it, and what was inserted goes again. Whoever deletes an entry
 * takes it out of the old map first, so that an insertion it overtakes finds that out.
 * There is no lock. docs/upgrade-protocol.md says what remains. */
#ifndef NFUP_SETTLE_H
#define NFUP_SETTLE_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "contract.h"

enum nfup_settled {
	NFUP_SETTLED_NONE,  /* the old map has no such entry */
	NFUP_SETTLED_MOVED, /* by us */
	NFUP_SETTLED_THERE, /* the new map has one already */
	NFUP_SETTLED_FULL,  /* no room: it stays in the old map; NAME__copy is what it would be */
};

#define NFUP_EEXIST 17

/* NAME__from is the old map, NAME__to the new one; NAME__migrating is a constant 0
 * where a program's other states stay where they are, and the verifier removes what
 * hangs on it. NAME__copy belongs to one program. NAME__convert comes from the
 * converter that the program is linked with (migrate.h). */
#define NFUP_SETTLE(name, map_type, key_type, value_type)                                                \
	struct {                                                                                         \
		__uint(type, map_type);                                                                  \
		__uint(max_entries, 1);                                                                  \
		__type(key, key_type);                                                                   \
		__type(value, value_type);                                                               \
	} name##__to SEC(".maps"), name##__from SEC(".maps");                                            \
	struct {                                                                                         \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                                 \
		__uint(max_entries, 1);                                                                  \
		__type(key, __u32);                                                                      \
		__type(value, value_type);                                                               \
	} name##__copy SEC(".maps");                                                                     \
                                                                                                         \
	extern void name##__convert(const void *from, void *to);                                         \
                                                                                                         \
	/* global, so that the verifier looks at it once; it cannot know that `wanted` is there */       \
	__attribute__((noinline)) int name##__settle(const key_type *wanted)                             \
	{                                                                                                \
		__u32 zero = 0;                                                                          \
		key_type key; /* before Linux 6.3 a global function's argument is no key */              \
		value_type *copy = bpf_map_lookup_elem(&name##__copy, &zero);                            \
		const void *old;                                                                         \
		int error; /* its upper half means nothing on Linux 6.1 */                                \
                                                                                                         \
		if (!wanted || !copy)                                                                    \
			return NFUP_SETTLED_NONE;                                                        \
		__builtin_memcpy(&key, wanted, sizeof key);                                              \
		old = bpf_map_lookup_elem(&name##__from, &key);                                          \
		if (!old)                                                                                \
			return NFUP_SETTLED_NONE;                                                        \
		__builtin_memset(copy, 0, sizeof *copy);                                                 \
		name##__convert(old, copy);                                                              \
		error = bpf_map_update_elem(&name##__to, &key, copy, BPF_NOEXIST);                       \
		if (error)                                                                               \
			return error == -NFUP_EEXIST ? NFUP_SETTLED_THERE : NFUP_SETTLED_FULL;           \
		if (!bpf_map_delete_elem(&name##__from, &key))                                           \
			return NFUP_SETTLED_MOVED;                                                       \
		bpf_map_delete_elem(&name##__to, &key);                                                  \
		return NFUP_SETTLED_NONE;                                                                \
	}                                                                                                \
	struct name##__settles /* takes the semicolon */

/* What a program does with a state. An entry that found no room in the new map is
 * used as the copy; what is written to that is lost, the entry stays as it was. */
#define NFUP_SETTLING_STATE(name, key_type, value_type)                                                  \
	const volatile __u8 name##__migrating = 0;                                                       \
                                                                                                         \
	static __always_inline __attribute__((unused)) value_type *name##__lookup(const key_type *key)   \
	{                                                                                                \
		value_type *found = bpf_map_lookup_elem(&name##__to, key);                               \
		__u32 zero = 0;                                                                          \
		int settled;                                                                             \
                                                                                                         \
		if (found || !name##__migrating)                                                         \
			return found;                                                                    \
		settled = name##__settle(key);                                                           \
		if (settled == NFUP_SETTLED_FULL)                                                        \
			return bpf_map_lookup_elem(&name##__copy, &zero);                                \
		/* also if the old map had none: another CPU may have moved it between our two looks */  \
		return bpf_map_lookup_elem(&name##__to, key);                                            \
	}                                                                                                \
	static __always_inline __attribute__((unused)) long name##__insert(                              \
		const key_type *key, const value_type *value, __u64 flags)                               \
	{                                                                                                \
		if (name##__migrating)                                                                   \
			name##__settle(key);                                                             \
		return bpf_map_update_elem(&name##__to, key, value, flags);                              \
	}                                                                                                \
	static __always_inline __attribute__((unused)) long name##__delete(const key_type *key)          \
	{                                                                                                \
		int before = -1, after;                                                                  \
                                                                                                         \
		if (name##__migrating)                                                                   \
			before = bpf_map_delete_elem(&name##__from, key);                                \
		after = bpf_map_delete_elem(&name##__to, key);                                           \
		return before ? after : 0;                                                               \
	}                                                                                                \
	struct name##__settling_state

#endif
