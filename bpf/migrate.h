/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the entries of a state get from one layout to another: NAME.migrate.c,
 * beside the atoms that declare NAME.
 *
 *	#include "migrate.h"
 *	#include "whitelist_entry.h"
 *
 *	struct wl_entry_v1 { … };	the layout that it had, under another name
 *
 *	NFUP_CONVERT(WL, wl_entry_v1, wl_entry)
 *	{
 *		to->last_seen = from->last_seen;
 *		return 0;
 *	}
 *
 * The body sees `from` and `to`, which is all zeros. It returns 0, or anything else
 * where the entry cannot be converted. A second function the other way round makes
 * it possible to go back. Layouts are told apart by their fields, not by the name
 * of the struct; from v1 to v3 the tools find the way over v2. */
#ifndef NFUP_MIGRATE_H
#define NFUP_MIGRATE_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "contract.h"
#include "tag.h"

#define NFUP_CONVERT(state, from_type, to_type)                                             \
	__hidden NFUP_TAG("nfup.convert=" #state) int state##__##from_type##__##to_type( \
	    const struct from_type *from, struct to_type *to)

#endif
