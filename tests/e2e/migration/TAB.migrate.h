/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* v1 ⇄ v2 ⇄ v3; v3 only swaps the fields of v2. */
#include "migrate.h"

struct tab_v1 {
	__u32 stamp;
	__u32 hits;
};

struct tab_v2 {
	__u64 hits;
	__u64 stamp;
};

struct tab_v3 {
	__u64 stamp;
	__u64 hits;
};

NFUP_CONVERT(TAB, tab_v1, tab_v2)
{
	to->hits = from->hits;
	to->stamp = from->stamp;
}

NFUP_CONVERT(TAB, tab_v2, tab_v1)
{
	to->hits = (__u32)from->hits;
	to->stamp = (__u32)from->stamp;
}

NFUP_CONVERT(TAB, tab_v2, tab_v3)
{
	to->stamp = from->stamp;
	to->hits = from->hits;
}

NFUP_CONVERT(TAB, tab_v3, tab_v2)
{
	to->hits = from->hits;
	to->stamp = from->stamp;
}
