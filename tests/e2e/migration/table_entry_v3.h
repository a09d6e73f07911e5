/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TABLE_ENTRY_H
#define TABLE_ENTRY_H

#include <linux/types.h>

struct tab_entry {
	__u64 stamp;
	__u64 hits;
};

#endif
