/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "table.h"

#include "operation.h"

NFUP_OUTPUTS("out");
NFUP_REQUIRES("five-tuple");

#define E2BIG 7

static __always_inline long apply(const struct operation *op)
{
	struct tab_key key = {.id = op->id};
	struct tab_entry *found, fresh = {.stamp = op->stamp};

	if (op->what == OP_DELETE)
		return state_delete(TAB, &key);
	if (op->what == OP_INSERT)
		return state_insert(TAB, &key, &fresh, BPF_NOEXIST);
	if (op->what == OP_REPLACE)
		return state_insert(TAB, &key, &fresh, BPF_EXIST);
	if (op->what == OP_PUT)
		return state_insert(TAB, &key, &fresh, BPF_ANY);
	found = state_lookup(TAB, &key);
	if (found) {
		found->hits++;
		found->stamp = op->stamp;
	}
	return 0;
}

NFUP_ATOM(Apply, "Do to TAB what the packet's payload says, and pass it on")
{
	struct operation *op = 0;

	if (p->ip_proto == 17)
		op = at(ctx, p->l4 + 8, sizeof *op);
	if (op && op->magic == OP_MAGIC && apply(op) == -E2BIG)
		return DROP(TABLE_FULL);
	return NEXT(0);
}
