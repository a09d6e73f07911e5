/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A lock in an entry, for what must change at once although packets of one flow run on
 * several CPUs. It is held for 0.1 us, or as long as an interrupt takes that comes just
 * then. One that stays was saved or copied while somebody held it: after some tries, about
 * 1 ms, it is taken over. (The kernel's bpf_spin_lock could not be part of a state that
 * is migrated or saved.) */
#ifndef NFUP_ENTRY_LOCK_H
#define NFUP_ENTRY_LOCK_H

#include "../nfup.h"

#define ENTRY_LOCK_TRIES 100000

static __always_inline int entry_try_lock(__u32 *busy)
{
	return !*(volatile __u32 *)busy && !__sync_lock_test_and_set(busy, 1);
}

static long entry_retry(__u32 i NFUP_UNUSED, void *busy)
{
	return entry_try_lock(*(__u32 **)busy);
}

static __always_inline void entry_lock(__u32 *busy)
{
	if (!entry_try_lock(busy))
		bpf_loop(ENTRY_LOCK_TRIES, entry_retry, &busy, 0);
}

static __always_inline void entry_unlock(__u32 *busy)
{
	__sync_fetch_and_and(busy, 0);
}

#endif
