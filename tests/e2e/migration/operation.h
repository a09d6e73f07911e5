/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a packet asks Apply to do to an entry of TAB. */
#ifndef OPERATION_H
#define OPERATION_H

#include <linux/types.h>

#define OP_MAGIC 0x6e667570

enum what {
	OP_UPDATE,  /* of an entry that is there: count, and note the stamp */
	OP_INSERT,  /* if there is none */
	OP_REPLACE, /* if there is one */
	OP_PUT,     /* in any case */
	OP_DELETE,
	OP_KINDS,
};

struct operation {
	__u32 magic;
	__u32 what;
	__u32 id;
	__u32 stamp;
	__u64 run; /* tells this run's packets from strays */
};

#endif
