/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Moving one entry of a state into the map that replaces its own: state.h's way
 * while a migration goes on, and the sweeper's (core/sweep.h). */
#ifndef NFUP_SETTLE_H
#define NFUP_SETTLE_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "contract.h"

/* What NAME__settle does with an entry that it finds in the old map. */
enum nfup_settle {
	NFUP_SETTLE_MOVE,   /* convert it and put it into the new one */
	NFUP_SETTLE_FORGET, /* take it out: it is about to be deleted */
};

/* …and what it returns. Negative: the entry stays where it is. */
enum nfup_settled {
	NFUP_SETTLED_NONE = 0, /* the old map has no such entry */
	NFUP_SETTLED_MOVED = 1,
	NFUP_SETTLED_NOT_CONVERTED = -1, /* the converter says that it cannot */
	NFUP_SETTLED_NO_ROOM = -2,       /* the new map is full */
	NFUP_SETTLED_BUSY = -3,          /* its lock was not to be had */
};

#define NFUP_ENOENT 2
#define NFUP_EEXIST 17

/* A word of NAME__locks: by try-lock, since no helper may be called under
 * bpf_spin_lock. All who take it run with bottom halves disabled (XDP in a
 * driver's poll; the sweeper as live frames of BPF_PROG_TEST_RUN), so that a
 * holder is never preempted by another and lets go within a microsecond. */
struct nfup_lock_wait {
	__u32 *lock;
	__u32 got;
};

static long nfup_try_lock(__u32 round __attribute__((unused)), struct nfup_lock_wait *wait)
{
	wait->got = __sync_val_compare_and_swap(wait->lock, 0, 1) == 0;
	return wait->got; /* 1 ends the loop */
}

#define NFUP_LOCK_ROUNDS (1u << 23) /* the most that bpf_loop does: some 0.1 s */

static __always_inline int nfup_lock(__u32 *lock)
{
	struct nfup_lock_wait wait = {.lock = lock};

	if (nfup_try_lock(0, &wait))
		return 1;
	bpf_loop(NFUP_LOCK_ROUNDS, nfup_try_lock, &wait, 0);
	return wait.got;
}

static __always_inline void nfup_unlock(__u32 *lock)
{
	__sync_val_compare_and_swap(lock, 1, 0); /* a full barrier on every machine */
}

/* FNV-1a over the key's bytes. */
static __always_inline __u32 nfup_lock_of(const __u8 *key, unsigned size)
{
	__u32 hash = 2166136261u;

	for (unsigned i = 0; i < size; i++)
		hash = (hash ^ key[i]) * 16777619u;
	return (hash ^ hash >> 16) % NFUP_STATE_LOCKS;
}

/* NAME__from, NAME__locks and NAME__migrating are the loader's, as the constants
 * of a node are; outside a migration the two maps are not even made. NAME__convert
 * is the identity, for a map that only changes its size; a migration links its own
 * over it (migrate.h). */
#define NFUP_SETTLE(name, map_type, key_type, value_type)                                         \
	struct {                                                                                  \
		__uint(type, map_type);                                                           \
		__uint(max_entries, 1);                                                           \
		__type(key, key_type);                                                            \
		__type(value, value_type);                                                        \
	} name##__from SEC(".maps");                                                              \
	struct {                                                                                  \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                 \
		__uint(max_entries, NFUP_STATE_LOCKS);                                            \
		__type(key, __u32);                                                               \
		__type(value, __u32);                                                             \
	} name##__locks SEC(".maps");                                                             \
	const volatile __u8 name##__migrating = 0;                                                \
                                                                                                  \
	__weak __hidden int name##__convert(const void *from, void *to)                           \
	{                                                                                         \
		*(value_type *)to = *(const value_type *)from;                                    \
		return 0;                                                                         \
	}                                                                                         \
                                                                                                  \
	static __noinline int name##__move(const key_type *key, const void *old)                  \
	{                                                                                         \
		value_type fresh;                                                                 \
		long error;                                                                       \
                                                                                                  \
		__builtin_memset(&fresh, 0, sizeof fresh);                                        \
		if (name##__convert(old, &fresh))                                                 \
			return NFUP_SETTLED_NOT_CONVERTED;                                        \
		error = bpf_map_update_elem(&name, key, &fresh, BPF_NOEXIST);                     \
		if (error && error != -NFUP_EEXIST)                                               \
			return NFUP_SETTLED_NO_ROOM;                                              \
		bpf_map_delete_elem(&name##__from, key);                                          \
		return NFUP_SETTLED_MOVED;                                                        \
	}                                                                                         \
                                                                                                  \
	static __noinline __attribute__((unused)) int name##__settle(const key_type *key,         \
								      enum nfup_settle how)       \
	{                                                                                         \
		__u32 index, *lock;                                                               \
		const void *old;                                                                  \
		int settled = NFUP_SETTLED_NONE;                                                  \
                                                                                                  \
		if (!bpf_map_lookup_elem(&name##__from, key))                                     \
			return NFUP_SETTLED_NONE;                                                 \
		index = nfup_lock_of((const __u8 *)key, sizeof *key);                             \
		lock = bpf_map_lookup_elem(&name##__locks, &index);                               \
		if (!lock || !nfup_lock(lock))                                                    \
			return NFUP_SETTLED_BUSY;                                                 \
		old = bpf_map_lookup_elem(&name##__from, key);                                    \
		if (old && how == NFUP_SETTLE_FORGET)                                             \
			bpf_map_delete_elem(&name##__from, key);                                  \
		else if (old)                                                                     \
			settled = name##__move(key, old);                                         \
		nfup_unlock(lock);                                                                \
		return settled;                                                                   \
	}                                                                                         \
	struct name##__state /* takes the semicolon */

#endif
