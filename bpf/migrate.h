/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the values of a state get from one layout to another: STATE.migrate.h, beside
 * the atoms that declare STATE.
 *
 *	#include "migrate.h"
 *	#include "whitelist_entry.h"
 *
 *	struct wl_entry_v1 { … };	the layout that it had, under another name
 *
 *	NFUP_CONVERT(WL, wl_entry_v1, wl_entry)
 *	{
 *		to->last_seen = from->last_seen;
 *	}
 *
 * The body sees `from` and `to`, which is all zeros. A second function the other way
 * round makes it possible to go back. Layouts are told apart by their fields, not by
 * the name of the struct; from v1 to v3 the tools find the way over v2. */
#ifndef NFUP_MIGRATE_H
#define NFUP_MIGRATE_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "contract.h"

#ifdef NFUP_LIST_CONVERTERS /* the tools read them from the BTF, which only has what is not inlined */
#define NFUP_CONVERTER __attribute__((noinline))
#else
#define NFUP_CONVERTER static __always_inline __attribute__((unused))
#endif

#define NFUP_CONVERT(state, from_type, to_type)                                                   \
	NFUP_CONVERTER void state##__##from_type##__##to_type(                                    \
		const struct from_type *from __attribute__((unused)), struct to_type *to __attribute__((unused)))

#endif
