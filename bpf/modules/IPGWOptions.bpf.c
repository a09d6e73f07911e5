/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "loop.h"
#include "lib/check.h"
#include "lib/checksum.h"

#include <linux/if_ether.h>
#include <linux/ip.h>

NFUP_PARAM(nfup_addr4, MYADDR, "ip4", REQUIRED, "", "this router's address, for record routes");
NFUP_OUTPUTS("out, bad?");
NFUP_REQUIRES("ip-header");

#define MAX_OPTIONS 40 /* bytes, and so options */

/* RFC 791 §3.1 */
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_RECORD_ROUTE 7
#define OPTION_LOOSE_SOURCE 131
#define OPTION_STRICT_SOURCE 137
#define FIRST_POINTER 4 /* to the first address, counted from 1 */

struct options {
	struct xdp_md *ctx;
	__u32 next;   /* where the next one begins in the frame */
	__u32 end;    /* of the header */
	__u32 record; /* where the record route is; 0: there is none */
	int finding;
};

/* Looks at one option. True: enough. A function of its own, which the verifier looks at
 * once: paths through forty of them are too many for it. */
static long next_option(__u32 i NFUP_UNUSED, void *options)
{
	struct options *o = options;
	__u32 option = o->next;
	const __u8 *b;

	if (option >= o->end)
		return 1;
	b = at(o->ctx, option, 1);
	if (!b || *b == OPTION_END)
		return 1;
	if (*b == OPTION_NOP) {
		o->next = option + 1;
		return 0;
	}
	b = at(o->ctx, option, 2);
	if (!b || b[1] < 2 || option + b[1] > o->end || b[0] == OPTION_LOOSE_SOURCE ||
	    b[0] == OPTION_STRICT_SOURCE) {
		o->finding = NFUP_DROP_BAD_IP_OPTION;
		return 1;
	}
	if (b[0] == OPTION_RECORD_ROUTE)
		o->record = option;
	o->next = option + b[1];
	return 0;
}

/* Sets a byte of the header, `offset` bytes into it; returns what its sum changes by. */
static __always_inline __u64 set_byte(__u8 *b, __u8 value, __u32 offset)
{
	__u32 shift = offset & 1 ? 0 : 8;
	__u64 change = csum_change16(bpf_htons(*b << shift), bpf_htons(value << shift));

	*b = value;
	return change;
}

/* Our address goes where the pointer says, and the pointer to the next place. A full
 * record stays as it is. */
static __always_inline int record_route(struct xdp_md *ctx, const struct pkt *p, __u32 option)
{
	__u8 *b = at(ctx, option, 3), *place;
	__u32 length, pointer, offset = option - p->l3;
	__be32 ours = MYADDR;
	struct iphdr *ip;
	__u64 change;

	if (!b)
		return NFUP_DROP_TRUNCATED;
	length = b[1];
	pointer = b[2];
	if (length < 3 || pointer < FIRST_POINTER)
		return NFUP_DROP_BAD_IP_OPTION;
	if (pointer > length)
		return PASSED;
	if (pointer + 3 > length)
		return NFUP_DROP_BAD_IP_OPTION;
	change = set_byte(b + 2, pointer + 4, offset + 2);
	place = at(ctx, option + pointer - 1, 4);
	ip = at(ctx, p->l3, sizeof(*ip));
	if (!place || !ip)
		return NFUP_DROP_TRUNCATED;
	for (int i = 0; i < 4; i++)
		change += set_byte(place + i, ((__u8 *)&ours)[i], offset + pointer - 1 + i);
	ip->check = csum_apply(ip->check, change);
	return PASSED;
}

static __always_inline int process(struct xdp_md *ctx, const struct pkt *p)
{
	struct options o = {
		.ctx = ctx,
		.next = p->l3 + sizeof(struct iphdr),
		.end = p->l4,
		.record = unknown_zero(p->l4),
		.finding = PASSED + unknown_zero(p->l4),
	};

	if (p->ethertype != bpf_htons(ETH_P_IP) || o.next == o.end)
		return PASSED;
	bpf_loop(MAX_OPTIONS, next_option, &o, 0);
	if (o.finding != PASSED || !o.record)
		return o.finding;
	return record_route(ctx, p, o.record);
}

NFUP_MODULE(IPGWOptions, "Do a router's part in IPv4 options: record routes. Malformed ones and source routes go to the other output")
{
	return CHECKED(process(ctx, p));
}
