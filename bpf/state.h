/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How an atom gets at its state, by the state's name:
 *
 *	struct wl_entry *e = state_lookup(WL, &p->flow);
 *	if (state_insert(WL, &p->flow, &fresh, BPF_NOEXIST)) …
 *	state_delete(WL, &p->flow);
 *
 * They are bpf_map_lookup_elem, bpf_map_update_elem and bpf_map_delete_elem, with
 * their results and flags. What a look-up returns may be written in place.
 *
 * While a state moves to another layout or size, entries that have not moved yet
 * are in a second map, NAME__from. Then each of the three first *settles* its key:
 * an entry in the old map is converted, put into the new one and taken out of the
 * old. A key that is settled is never in the old map again, so that the plain
 * operation on the new map is right. What settles one key excludes each other by a
 * lock that it only takes when the old map has the key: an entry that another
 * packet has moved and then deleted must not come back. Outside a migration
 * NAME__migrating is a constant 0 and the verifier removes all of it.
 *
 * Use them in the atom's own body and in inline functions: a packet whose entry
 * cannot be settled is dropped there and then (state-migrating). */
#ifndef NFUP_STATE_H
#define NFUP_STATE_H

#include "hop.h"
#include "settle.h"

/* A state map. Its name is the state's name: pinned as state/NAME, shared by
 * every atom of the NF that declares it. Keys and values are plain structs
 * without padding. */
#define NFUP_STATE(name, map_type, key_type, value_type, entries)                                        \
	struct {                                                                                         \
		__uint(type, map_type);                                                                  \
		__uint(max_entries, entries);                                                            \
		__type(key, key_type);                                                                   \
		__type(value, value_type);                                                               \
	} name SEC(".maps");                                                                             \
	NFUP_SETTLE(name, map_type, key_type, value_type)

#define state_lookup(name, key)                                                           \
	({                                                                                \
		typeof(*(name).value) *found_ = bpf_map_lookup_elem(&name, key);          \
                                                                                          \
		if (!found_ && name##__migrating) {                                       \
			if (name##__settle(key, NFUP_SETTLE_MOVE) < 0)                    \
				nfup_drop_at_once(NFUP_DROP_STATE_MIGRATING);             \
			found_ = bpf_map_lookup_elem(&name, key);                         \
		}                                                                         \
		/* who forgets to test it hears of that from the verifier: without   \
		 * this the compiler would conclude that NAME__migrating is set */    \
		asm("" : "+r"(found_));                                                   \
		found_;                                                                   \
	})

#define state_insert(name, key, value, flags)                                             \
	({                                                                                \
		if (name##__migrating && name##__settle(key, NFUP_SETTLE_MOVE) < 0)       \
			nfup_drop_at_once(NFUP_DROP_STATE_MIGRATING);                     \
		bpf_map_update_elem(&name, key, value, flags);                            \
	})

#define state_delete(name, key)                                                           \
	({                                                                                \
		if (name##__migrating && name##__settle(key, NFUP_SETTLE_FORGET) < 0)     \
			nfup_drop_at_once(NFUP_DROP_STATE_MIGRATING);                     \
		bpf_map_delete_elem(&name, key);                                          \
	})

/* Ends the program from wherever its code is inlined. */
#define nfup_drop_at_once(reason)                                         \
	({                                                                \
		nfup_count_drop(reason);                                  \
		asm volatile("r0 = %[drop]\n\texit" : : [drop] "i"(XDP_DROP) : "r0"); \
		__builtin_unreachable();                                  \
	})

#endif
