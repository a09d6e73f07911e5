/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* States whose entries age: a plain hash, so that nothing live is pushed out, and
 * beside it a queue of the keys. Each new entry pushes its key and pops a few old
 * ones: what is over or has been idle for too long is deleted, what lives goes to
 * the end of the queue again. So a constant piece of work for each insert keeps the
 * table clean, and a full one finds room: no timer, no walk, no daemon
 * (docs/decisions/0006-ageing.md has what else there was, and the figures).
 *
 * Every entry has its key in the queue once. That is why only the sweep deletes:
 * who ends an entry earlier marks it (age_end), and who finds one that is over
 * takes it over in place (age_take). Both, and the sweep, do it by exchanging the
 * entry's last_seen, of which one CPU succeeds. Atoms that look an entry up
 * take one that is due for absent. */
#ifndef NFUP_AGEING_H
#define NFUP_AGEING_H

#include "ageing_times.h"
#include "loop.h"
#include "nfup.h"

#ifndef E2BIG
#define E2BIG 7
#endif
#define EEXIST 17

/* The queue is the map NAME_QUEUE, with room to spare for keys whose entries
 * somebody else has deleted. NAME: at most 9 letters. `time`: the value's field
 * that ageing goes by, last_seen unless the state is declared with _BY. With it come
 * the functions that AGED names. */
#define NFUP_AGED_STATE(name, key_type, value_type, entries) \
	NFUP_AGED_STATE_BY(name, key_type, value_type, entries, last_seen)

#define NFUP_AGED_STATE_BY(name, key_type, value_type, entries, time)                               \
	NFUP_STATE(name, BPF_MAP_TYPE_HASH, key_type, value_type, entries);                         \
	struct {                                                                                    \
		__uint(type, BPF_MAP_TYPE_QUEUE);                                                   \
		__uint(max_entries, 2 * (entries));                                                 \
		__type(value, key_type);                                                            \
	} name##_QUEUE SEC(".maps");                                                                \
	NFUP_UNUSED static __always_inline void *name##_find(const void *key)                       \
	{                                                                                           \
		return state_lookup(name, key);                                                     \
	}                                                                                           \
	NFUP_UNUSED static __always_inline int name##_add(const void *key, const void *value)       \
	{                                                                                           \
		return state_insert(name, key, value, BPF_NOEXIST);                                 \
	}                                                                                           \
	NFUP_UNUSED static __always_inline void name##_remove(const void *key, const void *value NFUP_UNUSED) \
	{                                                                                           \
		state_delete(name, key);                                                            \
	}                                                                                           \
	NFUP_UNUSED static __always_inline __u64 *name##_last_seen(void *value)                     \
	{                                                                                           \
		return &((value_type *)value)->time;                                                \
	}                                                                                           \
	typedef key_type name##_key

/* What every struct aged_state of a state begins with; say its limit and how many give
 * way. `remover`: what deletes an entry and what hangs on it. */
#define AGED_BY(name, remover)                                                              \
	.queue = &name##_QUEUE, .key_size = sizeof(name##_key), .find = name##_find,        \
	.add = name##_add, .remove = remover, .last_seen = name##_last_seen
#define AGED(name) AGED_BY(name, name##_remove)

/* When the table is full of live entries. */
enum full_policy {
	FULL_REFUSE, /* no new one */
	FULL_OLDEST, /* one of them gives way */
};
#define FULL_NAMES "refuse, oldest"

#define AGE_SWEEP 2	 /* keys that each insert looks at; */
#define AGE_SWEEP_FULL 16 /* and at most so many if there is no room */
#define AGE_MAX_KEY 40	 /* bytes */

/* What a state's header says of it: constants, inlined away. */
struct aged_state {
	void *queue;
	__u32 key_size;
	/* of how many live entries the one idle for longest gives way; 1: that which
	 * has been in the queue for longest */
	__u32 choice;
	void *(*find)(const void *key);
	/* if it is not there; int: before Linux 6.4 an error's upper half is undefined */
	int (*add)(const void *key, const void *value);
	void (*remove)(const void *key, const void *entry); /* and what hangs on it */
	__u64 *(*last_seen)(void *entry);
	__u64 (*limit)(const void *entry); /* ns that it may be idle; 0: it stays */
	int (*may_go)(const void *entry);  /* while it lives, for a new one; 0: any may */
};

static __always_inline int age_is_due(__u64 last_seen, __u64 limit, __u64 now)
{
	if (!limit)
		return 0;
	return last_seen <= AGE_DELETED || (__s64)(now - last_seen) > (__s64)limit;
}

/* Makes the entry one that was seen `now`: it stays, or begins anew. False: it is being
 * deleted this moment, or somebody else has just taken it. */
static __always_inline int age_take(__u64 *last_seen, __u64 now)
{
	__u64 seen = *(volatile __u64 *)last_seen;

	return seen != AGE_DELETED && __sync_val_compare_and_swap(last_seen, seen, now) == seen;
}

/* The entry is over: nobody finds it any more, the sweep deletes it. */
static __always_inline void age_end(__u64 *last_seen)
{
	__u64 seen = *(volatile __u64 *)last_seen;

	if (seen != AGE_DELETED)
		__sync_val_compare_and_swap(last_seen, seen, AGE_OVER);
}

struct age_search {
	__u64 now;
	__u64 oldest_seen;
	__u8 key[AGE_MAX_KEY]; /* at hand */
	__u8 oldest[AGE_MAX_KEY];
	__u32 choice; /* 0: nobody gives way */
	__u32 live;   /* entries met that might */
	__u32 made_room;
	__u32 want_room; /* until there is room, and no more */
};

static __always_inline struct age_search age_search(__u64 now)
{
	return (struct age_search){
		.now = now,
		.oldest_seen = unknown_zero(now),
		.live = unknown_zero(now),
		.made_room = unknown_zero(now),
	};
}

static __always_inline void age_requeue(const struct aged_state *s, const void *key)
{
	bpf_map_push_elem(s->queue, key, 0);
}

static __always_inline long age_consider(const struct aged_state *s, struct age_search *x, const void *entry,
					 __u64 seen)
{
	if (!x->choice || (s->may_go && !s->may_go(entry))) {
		age_requeue(s, x->key);
		return 0;
	}
	/* restored entries may have been seen before the clock began */
	if (x->live && (__s64)(seen - x->oldest_seen) >= 0) {
		age_requeue(s, x->key);
	} else {
		if (x->live)
			age_requeue(s, x->oldest);
		__builtin_memcpy(x->oldest, x->key, s->key_size);
		x->oldest_seen = seen;
	}
	return ++x->live >= x->choice;
}

/* Looks at the key in front. True: enough. */
static __always_inline long age_step(const struct aged_state *s, struct age_search *x)
{
	__u64 *last_seen, seen;
	void *entry;

	if (bpf_map_pop_elem(s->queue, x->key))
		return 1;
	entry = s->find(x->key);
	if (!entry)
		return 0;
	last_seen = s->last_seen(entry);
	seen = *(volatile __u64 *)last_seen;
	if (seen == AGE_DELETED)
		return 0;
	if (!age_is_due(seen, s->limit(entry), x->now))
		return age_consider(s, x, entry, seen);
	if (__sync_val_compare_and_swap(last_seen, seen, AGE_DELETED) != seen) {
		age_requeue(s, x->key);
		return 0;
	}
	s->remove(x->key, entry);
	nfup_count_event(NFUP_EVENT_EXPIRED);
	x->made_room = 1;
	return x->want_room;
}

/* The one that was found to have been idle for longest. */
static __always_inline void age_evict(const struct aged_state *s, struct age_search *x)
{
	void *entry = s->find(x->oldest);

	if (!entry)
		return;
	if (x->made_room ||
	    __sync_val_compare_and_swap(s->last_seen(entry), x->oldest_seen, AGE_DELETED) != x->oldest_seen) {
		age_requeue(s, x->oldest);
		return;
	}
	s->remove(x->oldest, entry);
	nfup_count_event(NFUP_EVENT_EVICTED);
	x->made_room = 1;
}

/* False: nothing could go. */
static __always_inline int age_make_room(const struct aged_state *s, long (*step)(__u32, void *),
					 struct age_search *x, enum full_policy full)
{
	*x = age_search(x->now);
	x->want_room = 1;
	x->choice = full == FULL_OLDEST ? s->choice : 0;
	bpf_loop(AGE_SWEEP_FULL, step, x, 0);
	if (x->live)
		age_evict(s, x);
	return x->made_room;
}

/* Adds an entry that is not there. 0; -E2BIG: there is no room; -EEXIST: it is
 * there, or has not quite gone. */
static __always_inline int age_insert_by(const struct aged_state *s, long (*step)(__u32, void *),
					 int (*make_room)(struct age_search *, enum full_policy), const void *key,
					 const void *value, enum full_policy full, __u64 now)
{
	struct age_search x = age_search(now);
	int error = s->add(key, value);

	if (!error)
		bpf_loop(AGE_SWEEP, step, &x, 0);
	if (error == -E2BIG && make_room(&x, full))
		error = s->add(key, value);
	/* another CPU has taken the room that this one made; in 6.1 no loop may be around bpf_loop */
	if (error == -E2BIG && make_room(&x, full))
		error = s->add(key, value);
	if (error)
		return error;
	if (bpf_map_push_elem(s->queue, key, 0)) {
		s->remove(key, value);
		return -E2BIG;
	}
	return 0;
}

/* For the state that an atom inserts into, at file level: bpf_loop wants a function,
 * which the verifier then looks at once. */
#define AGE_INSERTS(state)                                                                                         \
	static long age_look(__u32 i NFUP_UNUSED, void *search)                                                    \
	{                                                                                                          \
		return age_step(&state, search) ? 1 : 0;                                                           \
	}                                                                                                          \
	static __noinline int age_room(struct age_search *search, enum full_policy full)                           \
	{                                                                                                          \
		return age_make_room(&state, age_look, search, full);                                              \
	}                                                                                                          \
	static __always_inline int age_insert(const void *key, const void *value, enum full_policy full, __u64 now) \
	{                                                                                                          \
		return age_insert_by(&state, age_look, age_room, key, value, full, now);                           \
	}

#endif
