/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TABLE_H
#define TABLE_H

#include "nfup.h"
#include "table_entry.h"

#ifndef TAB_TYPE
#define TAB_TYPE BPF_MAP_TYPE_HASH
#endif

struct tab_key {
	__u32 id;
	__u32 zero;
};

NFUP_STATE(TAB, TAB_TYPE, struct tab_key, struct tab_entry, 1048576);

#endif
