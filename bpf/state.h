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
 * An atom is compiled a second time, with NFUP_SETTLING: that program runs while the
 * state moves to another layout or size, and finds entries in either map (settle.h). */
#ifndef NFUP_STATE_H
#define NFUP_STATE_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* A state map. Its name is the state's name: pinned as state/NAME, shared by
 * every atom of the NF that declares it. Keys and values are plain structs
 * without padding. */
#ifndef NFUP_SETTLING

#define NFUP_STATE(name, map_type, key_type, value_type, entries) \
	struct {                                                  \
		__uint(type, map_type);                           \
		__uint(max_entries, entries);                     \
		__type(key, key_type);                            \
		__type(value, value_type);                        \
	} name SEC(".maps")

#define state_lookup(name, key) bpf_map_lookup_elem(&name, key)
#define state_insert(name, key, value, flags) bpf_map_update_elem(&name, key, value, flags)
#define state_delete(name, key) bpf_map_delete_elem(&name, key)

#else

#include "settle.h"

/* There is no map NAME here: whoever goes round the three does not compile. */
#define NFUP_STATE(name, map_type, key_type, value_type, entries) \
	NFUP_SETTLE(name, map_type, key_type, value_type);        \
	NFUP_SETTLING_STATE(name, key_type, value_type)

#define state_lookup(name, key) name##__lookup(key)
#define state_insert(name, key, value, flags) name##__insert(key, value, flags)
#define state_delete(name, key) name##__delete(key)

#endif

#endif
