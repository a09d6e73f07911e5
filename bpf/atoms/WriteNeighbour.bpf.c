/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/arp.h"
#include "lib/ndp.h"
#include "lib/ranges.h"
#include "neighbour.h"

NFUP_PARAM(struct prefix, ADDRESSES, "prefix", REQUIRED, "", "who may be on this link: others are not believed");
NFUP_PARAM(__u64, TIMEOUT, "duration", "4h", "1s..10000h", "how long a silent neighbour is believed; give ReadNeighbour the same");
NFUP_PARAM(__u32, FULL, "enum", "oldest", FULL_NAMES, "when the table is full: refuse the new neighbour, or forget the oldest");
NFUP_OUTPUTS("out");

static __always_inline __u64 limit(const void *entry)
{
	return neighbour_limit(entry, TIMEOUT);
}

static const struct aged_state aged = NEIGHBOUR_AGED(limit);

AGE_INSERTS(aged)

/* What the packet says, if it says anything: an ARP packet who has sent it, a
 * solicitation likewise, an advertisement whom it is about. */
static __always_inline int hear(struct xdp_md *ctx, const struct pkt *p, struct neighbour_key *who, struct neighbour_entry *e)
{
	const struct ethhdr *eth = at(ctx, p->l2, sizeof(*eth));
	const struct arp *a = at(ctx, p->l2 + sizeof(*eth), sizeof(*a));
	const struct neighbour_message *m;
	const struct ipv6hdr *ip;

	if (!eth)
		return 0;
	if (a && is_arp(eth, a)) {
		*(__be32 *)(who->addr + 8) = bpf_htonl(0xffff);
		*(__be32 *)(who->addr + 12) = ip4(a->sender_ip);
		__builtin_memcpy(e->mac, &a->sender, sizeof(e->mac));
		return 1;
	}
	m = neighbour_message(ctx, p);
	ip = at(ctx, p->l3, sizeof(*ip));
	if (!m || !ip)
		return 0;
	__builtin_memcpy(who->addr, m->type == ICMP6_ADVERTISEMENT ? &m->target : &ip->saddr, sizeof(who->addr));
	__builtin_memcpy(e->mac, eth->h_source, sizeof(e->mac));
	return 1;
}

static __always_inline int same_mac(const __u8 *a, const __u8 *b)
{
	return *(const __u32 *)a == *(const __u32 *)b && *(const __u16 *)(a + 4) == *(const __u16 *)(b + 4);
}

static __always_inline void learn(const struct neighbour_key *who, struct neighbour_entry *heard)
{
	struct neighbour_entry *e = state_lookup(NEIGHB, who);

	heard->last_seen = bpf_ktime_get_coarse_ns();
	if (!e)
		age_insert(who, heard, FULL, heard->last_seen);
	else if (e->fixed)
		return;
	else if (same_mac(e->mac, heard->mac))
		age_take(&e->last_seen, heard->last_seen);
	else
		state_insert(NEIGHB, who, heard, BPF_EXIST); /* as a whole: nobody reads half an address */
}

NFUP_ATOM(WriteNeighbour, "Note the link-layer address that an ARP packet or a neighbour message tells; all pass")
{
	struct neighbour_key who = {};
	struct neighbour_entry heard = {};

	if (hear(ctx, p, &who, &heard) && in_prefix((const __be32 *)who.addr, &ADDRESSES) && !(heard.mac[0] & 1))
		learn(&who, &heard);
	return NEXT(0);
}
